variable "second" {
  type    = bool
  default = false
}

resource "aws_api_gateway_rest_api" "it" {
  name = "tf-rest-api-openapi"
  body = jsonencode({
    openapi = "3.0.1"
    info    = { title = "tf-rest-api-openapi", version = var.second ? "2.0" : "1.0" }
    paths = {
      (var.second ? "/second" : "/first") = {
        get = {
          responses                       = { "200" = { description = "ok" } }
          x-amazon-apigateway-integration = { type = "mock", requestTemplates = { "application/json" = "{\"statusCode\": 200}" } }
        }
      }
    }
  })
}

resource "aws_api_gateway_deployment" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  triggers    = { body = sha1(aws_api_gateway_rest_api.it.body) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "it" {
  rest_api_id   = aws_api_gateway_rest_api.it.id
  deployment_id = aws_api_gateway_deployment.it.id
  stage_name    = "dev"
}

data "aws_api_gateway_rest_api" "it" {
  name       = aws_api_gateway_rest_api.it.name
  depends_on = [aws_api_gateway_stage.it]
}
