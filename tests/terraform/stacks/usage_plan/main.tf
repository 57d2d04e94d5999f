variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name = "tf-usage-plan"
}

resource "aws_api_gateway_method" "it" {
  rest_api_id      = aws_api_gateway_rest_api.it.id
  resource_id      = aws_api_gateway_rest_api.it.root_resource_id
  http_method      = "GET"
  authorization    = "NONE"
  api_key_required = true
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

resource "aws_api_gateway_usage_plan" "it" {
  name        = var.second ? "tf-usage-plan-second" : "tf-usage-plan"
  description = var.second ? "second" : "first"

  api_stages {
    api_id = aws_api_gateway_rest_api.it.id
    stage  = aws_api_gateway_stage.it.stage_name

    throttle {
      path        = "//GET"
      rate_limit  = var.second ? 3 : 2
      burst_limit = 2
    }
  }

  throttle_settings {
    rate_limit  = var.second ? 20 : 10
    burst_limit = var.second ? 5 : 4
  }

  quota_settings {
    limit  = var.second ? 200 : 100
    period = "DAY"
  }
}

resource "aws_api_gateway_api_key" "it" {
  name        = "tf-usage-plan"
  description = var.second ? "second" : "first"
  enabled     = !var.second
}

resource "aws_api_gateway_usage_plan_key" "it" {
  key_id        = aws_api_gateway_api_key.it.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.it.id
}

output "key_is_known" {
  value = length(nonsensitive(aws_api_gateway_api_key.it.value)) >= 20
}
