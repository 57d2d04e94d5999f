variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-http-api"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-http-api"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
}

resource "aws_apigatewayv2_api" "it" {
  name          = var.second ? "tf-http-api-second" : "tf-http-api"
  protocol_type = "HTTP"

  cors_configuration {
    allow_origins = [var.second ? "https://second.example" : "https://first.example"]
    allow_methods = ["GET"]
  }
}

resource "aws_apigatewayv2_integration" "it" {
  api_id                 = aws_apigatewayv2_api.it.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.it.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = var.second ? 5000 : 30000
}

resource "aws_apigatewayv2_route" "it" {
  api_id    = aws_apigatewayv2_api.it.id
  route_key = var.second ? "GET /second" : "GET /first"
  target    = "integrations/${aws_apigatewayv2_integration.it.id}"
}

resource "aws_apigatewayv2_stage" "it" {
  api_id      = aws_apigatewayv2_api.it.id
  name        = "$default"
  auto_deploy = true
  description = var.second ? "second" : "first"
}
