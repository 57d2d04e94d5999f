variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-authorizer"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-authorizer"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
}

resource "aws_api_gateway_rest_api" "it" {
  name = "tf-authorizer"
}

resource "aws_api_gateway_authorizer" "it" {
  rest_api_id                      = aws_api_gateway_rest_api.it.id
  name                             = var.second ? "second" : "first"
  authorizer_uri                   = aws_lambda_function.it.invoke_arn
  authorizer_result_ttl_in_seconds = var.second ? 60 : 300
  identity_source                  = "method.request.header.Authorization"
}

resource "aws_api_gateway_method" "it" {
  rest_api_id   = aws_api_gateway_rest_api.it.id
  resource_id   = aws_api_gateway_rest_api.it.root_resource_id
  http_method   = "GET"
  authorization = "CUSTOM"
  authorizer_id = aws_api_gateway_authorizer.it.id
}
