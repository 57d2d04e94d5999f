variable "second" {
  type    = bool
  default = false
}

resource "aws_instance" "it" {
  count         = 3
  ami           = "ami-0a1b2c3d4e5f60001"
  instance_type = "t3.micro"
}

resource "aws_eip" "it" {
  domain   = "vpc"
  instance = aws_instance.it[var.second ? 1 : 0].id
  tags     = { step = var.second ? "second" : "first" }
}

resource "aws_eip" "other" {
  domain = "vpc"
}

resource "aws_eip_association" "it" {
  allocation_id = aws_eip.other.id
  instance_id   = aws_instance.it[2].id
}
