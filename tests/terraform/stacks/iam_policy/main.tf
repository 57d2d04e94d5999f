variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_policy" "it" {
  name   = "tf-iam-policy"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = var.second ? ["ec2:StopInstances"] : ["ec2:StartInstances"], Resource = "*" }] })
  tags   = { step = var.second ? "second" : "first" }
}

data "aws_iam_policy" "it" {
  arn = aws_iam_policy.it.arn
}

data "aws_iam_policy" "of_aws" {
  name = "AmazonEC2ReadOnlyAccess"
}
