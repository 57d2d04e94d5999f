variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-alias"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-lambda-alias"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
  memory_size   = var.second ? 256 : 128
  publish       = true
}

resource "aws_lambda_alias" "it" {
  name             = "live"
  description      = var.second ? "second" : "first"
  function_name    = aws_lambda_function.it.function_name
  function_version = aws_lambda_function.it.version
}
