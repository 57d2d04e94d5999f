variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_role" "it" {
  name                 = "tf-iam-role-boundary"
  permissions_boundary = var.second ? "arn:aws:iam::aws:policy/ReadOnlyAccess" : "arn:aws:iam::aws:policy/PowerUserAccess"
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
