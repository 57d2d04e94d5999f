variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-concurrency"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name                  = "tf-lambda-concurrency"
  role                           = aws_iam_role.it.arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  filename                       = var.zip
  reserved_concurrent_executions = var.second ? 3 : 2
}
