variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_group" "it" {
  name = var.second ? "tf-iam-group-second" : "tf-iam-group"
  path = "/groups/"
}

resource "aws_iam_user" "it" {
  count = 2
  name  = "tf-iam-group-${count.index}"
}

resource "aws_iam_group_membership" "it" {
  name  = "members"
  group = aws_iam_group.it.name
  users = var.second ? aws_iam_user.it[*].name : [aws_iam_user.it[0].name]
}

resource "aws_iam_group_policy" "it" {
  name   = "inline"
  group  = aws_iam_group.it.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = var.second ? "ec2:StopInstances" : "ec2:StartInstances", Resource = "*" }] })
}

resource "aws_iam_group_policy_attachment" "it" {
  group      = aws_iam_group.it.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
