variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name = "tf-gateway-response"
}

resource "aws_api_gateway_gateway_response" "it" {
  rest_api_id         = aws_api_gateway_rest_api.it.id
  response_type       = "UNAUTHORIZED"
  status_code         = var.second ? "403" : "401"
  response_templates  = { "application/json" = "{\"message\":$context.error.messageString}" }
  response_parameters = { "gatewayresponse.header.X-Step" = var.second ? "'second'" : "'first'" }
}
