variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_user" "it" {
  name          = "tf-iam-user"
  path          = var.second ? "/second/" : "/first/"
  force_destroy = true
  tags          = { step = var.second ? "second" : "first" }
}

resource "aws_iam_access_key" "it" {
  user   = aws_iam_user.it.name
  status = var.second ? "Inactive" : "Active"
}

resource "aws_iam_user_policy" "it" {
  name   = "inline"
  user   = aws_iam_user.it.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = var.second ? "ec2:StopInstances" : "ec2:StartInstances", Resource = "*" }] })
}

resource "aws_iam_user_login_profile" "it" {
  user                    = aws_iam_user.it.name
  password_reset_required = true
}

resource "aws_iam_user_policy_attachment" "it" {
  user       = aws_iam_user.it.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
