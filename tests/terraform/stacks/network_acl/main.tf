variable "second" {
  type    = bool
  default = false
}

resource "aws_vpc" "it" {
  cidr_block = "10.2.0.0/16"
}

resource "aws_subnet" "it" {
  count      = 2
  vpc_id     = aws_vpc.it.id
  cidr_block = cidrsubnet(aws_vpc.it.cidr_block, 8, count.index)
}

resource "aws_default_network_acl" "it" {
  default_network_acl_id = aws_vpc.it.default_network_acl_id
  subnet_ids             = [aws_subnet.it[var.second ? 1 : 0].id]

  ingress {
    rule_no    = var.second ? 110 : 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }

  egress {
    rule_no         = 101
    action          = "allow"
    protocol        = "-1"
    ipv6_cidr_block = "::/0"
    from_port       = 0
    to_port         = 0
  }
}

resource "aws_network_acl" "it" {
  vpc_id     = aws_vpc.it.id
  subnet_ids = [aws_subnet.it[var.second ? 0 : 1].id]
  tags       = { step = var.second ? "second" : "first" }
}

resource "aws_network_acl_rule" "it" {
  network_acl_id = aws_network_acl.it.id
  rule_number    = 100
  rule_action    = var.second ? "deny" : "allow"
  protocol       = "tcp"
  cidr_block     = "10.0.0.0/8"
  from_port      = 22
  to_port        = 23
}

resource "aws_network_acl_rule" "ping" {
  network_acl_id = aws_network_acl.it.id
  rule_number    = 110
  egress         = true
  rule_action    = "allow"
  protocol       = "icmp"
  cidr_block     = "10.0.0.0/8"
  icmp_type      = 8
  icmp_code      = -1
}
