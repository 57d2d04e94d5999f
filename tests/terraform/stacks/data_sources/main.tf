variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-data-sources"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-data-sources"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
  description   = var.second ? "second" : "first"
}

data "aws_caller_identity" "it" {}

data "aws_region" "it" {}

data "aws_partition" "it" {}

data "aws_lambda_functions" "it" {
  depends_on = [aws_lambda_function.it]
}

data "aws_ami" "it" {
  owners      = ["amazon"]
  most_recent = true

  filter {
    name   = "architecture"
    values = ["x86_64"]
  }
}

output "arn" {
  value = "arn:${data.aws_partition.it.partition}:ec2:${data.aws_region.it.name}:${data.aws_caller_identity.it.account_id}:${data.aws_ami.it.id}/${length(data.aws_lambda_functions.it.function_names) > 0}"
}
