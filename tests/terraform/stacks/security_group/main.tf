variable "second" {
  type    = bool
  default = false
}

resource "aws_security_group" "it" {
  name        = "tf-security-group"
  description = "of a test"
  tags        = { step = var.second ? "second" : "first" }

  ingress {
    from_port   = var.second ? 443 : 22
    to_port     = var.second ? 443 : 22
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "other" {
  name = "tf-security-group-other"
}

resource "aws_vpc_security_group_ingress_rule" "it" {
  security_group_id            = aws_security_group.other.id
  referenced_security_group_id = aws_security_group.it.id
  ip_protocol                  = "tcp"
  from_port                    = var.second ? 8443 : 8080
  to_port                      = var.second ? 8443 : 8080
  description                  = var.second ? "second" : "first"
}

resource "aws_security_group_rule" "it" {
  security_group_id = aws_security_group.other.id
  type              = "egress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0"]
  description       = var.second ? "second" : "first"
}

resource "aws_instance" "it" {
  ami                    = "ami-0a1b2c3d4e5f60001"
  instance_type          = "t3.micro"
  vpc_security_group_ids = var.second ? [aws_security_group.it.id, aws_security_group.other.id] : [aws_security_group.it.id]
}
