variable "second" {
  type    = bool
  default = false
}

data "aws_vpc_endpoint_service" "it" {
  service      = "s3"
  service_type = "Gateway"
}

data "aws_prefix_list" "it" {
  name = data.aws_vpc_endpoint_service.it.service_name
}

resource "aws_vpc" "it" {
  cidr_block           = "10.4.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "it" {
  count             = 2
  vpc_id            = aws_vpc.it.id
  cidr_block        = cidrsubnet(aws_vpc.it.cidr_block, 8, count.index)
  availability_zone = ["us-east-1a", "us-east-1b"][count.index]
}

resource "aws_route_table" "it" {
  count  = 2
  vpc_id = aws_vpc.it.id
  tags   = { prefixes = data.aws_prefix_list.it.id }
}

resource "aws_security_group" "it" {
  name   = "tf-endpoint"
  vpc_id = aws_vpc.it.id
}

resource "aws_vpc_endpoint" "gateway" {
  vpc_id          = aws_vpc.it.id
  service_name    = data.aws_vpc_endpoint_service.it.service_name
  route_table_ids = var.second ? aws_route_table.it[*].id : [aws_route_table.it[0].id]
  tags            = { step = var.second ? "second" : "first" }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = var.second ? "s3:PutObject" : "s3:GetObject"
      Resource  = "*"
    }]
  })
}

resource "aws_vpc_endpoint" "dynamodb" {
  vpc_id       = aws_vpc.it.id
  service_name = "com.amazonaws.us-east-1.dynamodb"
}

resource "aws_vpc_endpoint_route_table_association" "it" {
  vpc_endpoint_id = aws_vpc_endpoint.dynamodb.id
  route_table_id  = aws_route_table.it[var.second ? 1 : 0].id
}

resource "aws_vpc_endpoint" "interface" {
  vpc_id              = aws_vpc.it.id
  service_name        = "com.amazonaws.us-east-1.execute-api"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.second ? aws_subnet.it[*].id : [aws_subnet.it[0].id]
  security_group_ids  = [aws_security_group.it.id]
  private_dns_enabled = !var.second
}
