variable "second" {
  type    = bool
  default = false
}

variable "python_zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-python"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-lambda-python"
  role          = aws_iam_role.it.arn
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = var.python_zip
  timeout       = var.second ? 20 : 10
}
