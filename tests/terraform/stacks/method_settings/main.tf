variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name = "tf-method-settings"
}

resource "aws_api_gateway_method" "it" {
  rest_api_id   = aws_api_gateway_rest_api.it.id
  resource_id   = aws_api_gateway_rest_api.it.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "it" {
  rest_api_id       = aws_api_gateway_rest_api.it.id
  resource_id       = aws_api_gateway_rest_api.it.root_resource_id
  http_method       = aws_api_gateway_method.it.http_method
  type              = "MOCK"
  request_templates = { "application/json" = "{\"statusCode\": 200}" }
}

resource "aws_api_gateway_deployment" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  depends_on  = [aws_api_gateway_integration.it]
}

resource "aws_api_gateway_stage" "it" {
  rest_api_id   = aws_api_gateway_rest_api.it.id
  deployment_id = aws_api_gateway_deployment.it.id
  stage_name    = "dev"
}

resource "aws_api_gateway_method_settings" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  stage_name  = aws_api_gateway_stage.it.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = var.second
    throttling_rate_limit  = var.second ? 20 : 10
    throttling_burst_limit = var.second ? 8 : 4
  }
}
