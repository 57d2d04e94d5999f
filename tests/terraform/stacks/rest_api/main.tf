variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name        = "tf-rest-api"
  description = var.second ? "second" : "first"
  tags        = { step = var.second ? "second" : "first" }

  endpoint_configuration {
    types = [var.second ? "REGIONAL" : "EDGE"]
  }
}

resource "aws_api_gateway_resource" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  parent_id   = aws_api_gateway_rest_api.it.root_resource_id
  path_part   = var.second ? "things" : "thing"
}

resource "aws_api_gateway_method" "it" {
  rest_api_id        = aws_api_gateway_rest_api.it.id
  resource_id        = aws_api_gateway_resource.it.id
  http_method        = "GET"
  authorization      = "NONE"
  api_key_required   = var.second
  request_parameters = { "method.request.querystring.name" = var.second }
}

resource "aws_api_gateway_integration" "it" {
  rest_api_id       = aws_api_gateway_rest_api.it.id
  resource_id       = aws_api_gateway_resource.it.id
  http_method       = aws_api_gateway_method.it.http_method
  type              = "MOCK"
  request_templates = { "application/json" = jsonencode({ statusCode = var.second ? 201 : 200 }) }
}

resource "aws_api_gateway_deployment" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  description = var.second ? "second" : "first"
  triggers    = { all = sha1(jsonencode([aws_api_gateway_resource.it.id, aws_api_gateway_method.it.api_key_required, aws_api_gateway_integration.it.request_templates])) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "it" {
  rest_api_id   = aws_api_gateway_rest_api.it.id
  deployment_id = aws_api_gateway_deployment.it.id
  stage_name    = "dev"
  description   = var.second ? "second" : "first"
  variables     = var.second ? { size = "large", colour = "red" } : { size = "small" }
}
