variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-event-invoke-config"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-lambda-event-invoke-config"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
}

resource "aws_lambda_function_event_invoke_config" "it" {
  function_name                = aws_lambda_function.it.function_name
  maximum_event_age_in_seconds = var.second ? 120 : 60
  maximum_retry_attempts       = var.second ? 1 : 0
}
