variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name                     = "tf-rest-api-responses"
  minimum_compression_size = var.second ? 1024 : 0
  binary_media_types       = var.second ? ["image/png", "application/octet-stream"] : ["image/png"]

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_method" "it" {
  rest_api_id    = aws_api_gateway_rest_api.it.id
  resource_id    = aws_api_gateway_rest_api.it.root_resource_id
  http_method    = "POST"
  authorization  = "NONE"
  operation_name = var.second ? "second" : "first"
}

resource "aws_api_gateway_integration" "it" {
  rest_api_id          = aws_api_gateway_rest_api.it.id
  resource_id          = aws_api_gateway_rest_api.it.root_resource_id
  http_method          = aws_api_gateway_method.it.http_method
  type                 = "MOCK"
  passthrough_behavior = var.second ? "NEVER" : "WHEN_NO_MATCH"
  timeout_milliseconds = var.second ? 5000 : 29000
  request_templates    = { "application/json" = "{\"statusCode\": 200}" }
}

resource "aws_api_gateway_method_response" "it" {
  rest_api_id         = aws_api_gateway_rest_api.it.id
  resource_id         = aws_api_gateway_rest_api.it.root_resource_id
  http_method         = aws_api_gateway_method.it.http_method
  status_code         = "200"
  response_models     = { "application/json" = var.second ? "Error" : "Empty" }
  response_parameters = { "method.response.header.X-Step" = true }
}

resource "aws_api_gateway_integration_response" "it" {
  rest_api_id         = aws_api_gateway_rest_api.it.id
  resource_id         = aws_api_gateway_rest_api.it.root_resource_id
  http_method         = aws_api_gateway_method.it.http_method
  status_code         = aws_api_gateway_method_response.it.status_code
  response_parameters = { "method.response.header.X-Step" = var.second ? "'second'" : "'first'" }
  response_templates  = { "application/json" = var.second ? "{\"step\": 2}" : "{\"step\": 1}" }
  depends_on          = [aws_api_gateway_integration.it]
}
