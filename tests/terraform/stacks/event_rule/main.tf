variable "second" {
  type    = bool
  default = false
}

variable "zip" {
  type = string
}

resource "aws_iam_role" "it" {
  name               = "tf-event-rule"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_lambda_function" "it" {
  function_name = "tf-event-rule"
  role          = aws_iam_role.it.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  filename      = var.zip
}

resource "aws_cloudwatch_event_rule" "it" {
  name                = "tf-event-rule"
  description         = var.second ? "second" : "first"
  schedule_expression = var.second ? "rate(10 minutes)" : "rate(5 minutes)"
}

resource "aws_cloudwatch_event_target" "it" {
  rule      = aws_cloudwatch_event_rule.it.name
  target_id = "function"
  arn       = aws_lambda_function.it.arn
  input     = jsonencode({ action = var.second ? "start" : "status" })
}
