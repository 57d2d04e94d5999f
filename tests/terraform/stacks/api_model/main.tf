variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name = "tf-api-model"
}

resource "aws_api_gateway_model" "it" {
  rest_api_id  = aws_api_gateway_rest_api.it.id
  name         = "Thing"
  description  = var.second ? "second" : "first"
  content_type = "application/json"
  schema       = jsonencode({ type = "object", required = var.second ? ["name", "size"] : ["name"] })
}

resource "aws_api_gateway_method" "it" {
  rest_api_id    = aws_api_gateway_rest_api.it.id
  resource_id    = aws_api_gateway_rest_api.it.root_resource_id
  http_method    = "POST"
  authorization  = "NONE"
  request_models = { "application/json" = aws_api_gateway_model.it.name }
}
