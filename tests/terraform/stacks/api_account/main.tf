variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_role" "it" {
  name               = "tf-api-account"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "apigateway.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "it" {
  role       = aws_iam_role.it.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "it" {
  cloudwatch_role_arn = var.second ? "" : aws_iam_role.it.arn
  depends_on          = [aws_iam_role_policy_attachment.it]
}
