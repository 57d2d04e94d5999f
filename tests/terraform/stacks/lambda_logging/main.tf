variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-logging"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_cloudwatch_log_group" "it" {
  name = "/tf/lambda-logging"
}

resource "aws_lambda_function" "it" {
  function_name = "tf-lambda-logging"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip

  logging_config {
    log_format            = "JSON"
    application_log_level = var.second ? "DEBUG" : "INFO"
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.it.name
  }
}
