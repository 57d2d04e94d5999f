variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_role" "it" {
  count              = 2
  name               = "tf-iam-instance-profile-${count.index}"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}

resource "aws_iam_instance_profile" "it" {
  name = "tf-iam-instance-profile"
  role = aws_iam_role.it[var.second ? 1 : 0].name
  tags = { step = var.second ? "second" : "first" }
}

resource "aws_instance" "it" {
  ami                  = "ami-0a1b2c3d4e5f60001"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.it.name
}
