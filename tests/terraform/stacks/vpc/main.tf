variable "second" {
  type    = bool
  default = false
}

resource "aws_vpc" "it" {
  cidr_block           = "10.1.0.0/16"
  enable_dns_hostnames = var.second
  tags                 = { Name = var.second ? "second" : "first" }
}

resource "aws_subnet" "it" {
  count                   = 2
  vpc_id                  = aws_vpc.it.id
  cidr_block              = cidrsubnet(aws_vpc.it.cidr_block, 8, count.index)
  availability_zone       = ["us-east-1a", "us-east-1b"][count.index]
  map_public_ip_on_launch = var.second
}

resource "aws_internet_gateway" "it" {
  vpc_id = aws_vpc.it.id
  tags   = { step = var.second ? "second" : "first" }
}

resource "aws_route_table" "it" {
  vpc_id = aws_vpc.it.id

  route {
    cidr_block = var.second ? "10.9.0.0/16" : "0.0.0.0/0"
    gateway_id = aws_internet_gateway.it.id
  }
}

resource "aws_route" "it" {
  route_table_id         = aws_route_table.other.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.it.id
}

resource "aws_route_table" "other" {
  vpc_id = aws_vpc.it.id
}

resource "aws_route_table_association" "it" {
  subnet_id      = aws_subnet.it[0].id
  route_table_id = var.second ? aws_route_table.other.id : aws_route_table.it.id
}

resource "aws_security_group" "it" {
  name   = "tf-vpc"
  vpc_id = aws_vpc.it.id
}

resource "aws_instance" "it" {
  ami                    = "ami-0a1b2c3d4e5f60001"
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.it[0].id
  vpc_security_group_ids = [aws_security_group.it.id]
  tags                   = { step = var.second ? "second" : "first" }
}

resource "aws_vpc_ipv4_cidr_block_association" "it" {
  vpc_id     = aws_vpc.it.id
  cidr_block = var.second ? "10.8.0.0/16" : "10.7.0.0/16"
}
