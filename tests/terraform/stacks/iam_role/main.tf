variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_role" "it" {
  name                 = "tf-iam-role"
  description          = var.second ? "second" : "first"
  max_session_duration = var.second ? 7200 : 3600
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = var.second ? ["ec2.amazonaws.com", "lambda.amazonaws.com"] : ["lambda.amazonaws.com"] } }] })
  tags                 = { step = var.second ? "second" : "first" }
}

resource "aws_iam_role_policy" "it" {
  name   = "inline"
  role   = aws_iam_role.it.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = var.second ? ["ec2:DescribeInstances", "ec2:StartInstances"] : ["ec2:DescribeInstances"], Resource = "*" }] })
}

resource "aws_iam_role_policy_attachment" "it" {
  role       = aws_iam_role.it.name
  policy_arn = var.second ? "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess" : "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
