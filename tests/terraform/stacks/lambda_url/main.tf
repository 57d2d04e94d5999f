variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-url"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-lambda-url"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
}

resource "aws_lambda_function_url" "it" {
  function_name      = aws_lambda_function.it.function_name
  authorization_type = var.second ? "AWS_IAM" : "NONE"

  cors {
    allow_origins = ["https://example.com"]
    max_age       = var.second ? 20 : 10
  }
}
