variable "second" {
  type    = bool
  default = false
}

resource "aws_vpc" "it" {
  cidr_block = "10.2.0.0/16"
}

resource "aws_subnet" "it" {
  vpc_id     = aws_vpc.it.id
  cidr_block = "10.2.1.0/24"
}

resource "aws_internet_gateway" "it" {
  vpc_id = aws_vpc.it.id
}

resource "aws_eip" "it" {
  domain     = "vpc"
  depends_on = [aws_internet_gateway.it]
}

resource "aws_nat_gateway" "it" {
  allocation_id = aws_eip.it.id
  subnet_id     = aws_subnet.it.id
  tags          = { step = var.second ? "second" : "first" }
  depends_on    = [aws_internet_gateway.it]
}

resource "aws_route_table" "it" {
  vpc_id = aws_vpc.it.id

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.it.id
  }
}
