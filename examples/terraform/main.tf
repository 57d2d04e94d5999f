# The whole chain, as `atelier deploy` makes it: curl -> API Gateway -> Lambda -> EC2.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0, < 7.0"
    }
  }
}

variable "stack" {
  description = "What everything is named and tagged by."
  type        = string
  default     = "terraform"
}

variable "zip" {
  description = "The function's archive: atelier's binary as `bootstrap`."
  type        = string
  default     = "function.zip"
}

variable "architecture" {
  description = "What the binary in the archive is for: x86_64 or arm64."
  type        = string
  default     = "x86_64"
}

variable "image" {
  description = "What the instance is made from; any well-formed id does for the embedded engine."
  type        = string
  default     = "ami-0a1b2c3d4e5f60001"
}

provider "aws" {
  # A local engine has no metadata service to ask.
  skip_metadata_api_check = true

  default_tags {
    tags = { "atelier:stack" = var.stack }
  }
}

data "aws_caller_identity" "me" {}

data "aws_region" "here" {}

locals {
  name    = "${var.stack}-lambda"
  account = data.aws_caller_identity.me.account_id
  # Its name, which every version of the provider has here.
  region = data.aws_region.here.id
}

resource "aws_instance" "it" {
  ami           = var.image
  instance_type = "t2.micro"

  tags = {
    Name           = var.stack
    "atelier:part" = "instance"
  }

  lifecycle {
    # The API stops and starts it, and gives it another type.
    ignore_changes = [instance_type]
  }
}

resource "aws_cloudwatch_log_group" "it" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = 7
}

resource "aws_iam_role" "it" {
  name = "${var.stack}-role"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "it" {
  name = "handler"
  role = aws_iam_role.it.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "ec2:DescribeInstances", Resource = "*" },
      {
        Effect    = "Allow"
        Action    = ["ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances", "ec2:ModifyInstanceAttribute"]
        Resource  = "arn:aws:ec2:${local.region}:${local.account}:instance/*"
        Condition = { StringEquals = { "aws:ResourceTag/atelier:stack" = var.stack } }
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.it.arn}:*"
      },
    ]
  })
}

resource "aws_lambda_function" "it" {
  function_name    = local.name
  role             = aws_iam_role.it.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  timeout          = 28
  memory_size      = 256

  environment {
    variables = { ATELIER_STACK = var.stack }
  }

  depends_on = [aws_cloudwatch_log_group.it, aws_iam_role_policy.it]
}

resource "aws_lambda_permission" "it" {
  statement_id  = "api"
  function_name = aws_lambda_function.it.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.it.execution_arn}/*"
}

resource "aws_api_gateway_rest_api" "it" {
  name = "${var.stack}-api"
}

resource "aws_api_gateway_resource" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  parent_id   = aws_api_gateway_rest_api.it.root_resource_id
  path_part   = "infra"
}

resource "aws_api_gateway_method" "it" {
  for_each      = toset(["GET", "POST"])
  rest_api_id   = aws_api_gateway_rest_api.it.id
  resource_id   = aws_api_gateway_resource.it.id
  http_method   = each.key
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "it" {
  for_each                = aws_api_gateway_method.it
  rest_api_id             = aws_api_gateway_rest_api.it.id
  resource_id             = aws_api_gateway_resource.it.id
  http_method             = each.value.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.it.invoke_arn
}

resource "aws_api_gateway_deployment" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  triggers    = { integrations = sha1(jsonencode([for it in aws_api_gateway_integration.it : [it.id, it.uri]])) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "it" {
  rest_api_id   = aws_api_gateway_rest_api.it.id
  deployment_id = aws_api_gateway_deployment.it.id
  stage_name    = "dev"
}

output "path" {
  description = "Where the API is, below a local engine's address."
  value       = "/restapis/${aws_api_gateway_rest_api.it.id}/${aws_api_gateway_stage.it.stage_name}/_user_request_/infra"
}

output "url" {
  description = "Where the API is on AWS."
  value       = "${aws_api_gateway_stage.it.invoke_url}/infra"
}

output "instance" {
  value = aws_instance.it.id
}
