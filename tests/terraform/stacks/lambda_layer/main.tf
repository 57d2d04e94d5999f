variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-lambda-layer"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_layer_version" "it" {
  layer_name          = "tf-lambda-layer"
  filename            = var.zip
  description         = var.second ? "second" : "first"
  compatible_runtimes = ["provided.al2023"]
}

resource "aws_lambda_layer_version_permission" "it" {
  layer_name     = aws_lambda_layer_version.it.layer_name
  version_number = aws_lambda_layer_version.it.version
  statement_id   = "all"
  action         = "lambda:GetLayerVersion"
  principal      = "*"
}

resource "aws_lambda_function" "it" {
  function_name = "tf-lambda-layer"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
  layers        = [aws_lambda_layer_version.it.arn]
}
