variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name = "tf-request-validator"
}

resource "aws_api_gateway_request_validator" "it" {
  rest_api_id                 = aws_api_gateway_rest_api.it.id
  name                        = var.second ? "second" : "first"
  validate_request_parameters = !var.second
}

resource "aws_api_gateway_method" "it" {
  rest_api_id          = aws_api_gateway_rest_api.it.id
  resource_id          = aws_api_gateway_rest_api.it.root_resource_id
  http_method          = "GET"
  authorization        = "NONE"
  request_validator_id = aws_api_gateway_request_validator.it.id
  request_parameters   = { "method.request.querystring.action" = true }
}
