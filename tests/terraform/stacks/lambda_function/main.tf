variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-function"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name    = "tf-lambda-function"
  role             = aws_iam_role.it.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  description      = var.second ? "second" : "first"
  memory_size      = var.second ? 256 : 128
  timeout          = var.second ? 10 : 3
  tags             = { step = var.second ? "second" : "first" }

  environment {
    variables = { STEP = var.second ? "second" : "first" }
  }

  ephemeral_storage {
    size = var.second ? 1024 : 512
  }

  tracing_config {
    mode = var.second ? "Active" : "PassThrough"
  }
}

resource "aws_lambda_permission" "it" {
  statement_id  = "api"
  function_name = aws_lambda_function.it.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "arn:aws:execute-api:us-east-1:${data.aws_caller_identity.it.account_id}:${var.second ? "second" : "first"}/*"
}

data "aws_caller_identity" "it" {}
