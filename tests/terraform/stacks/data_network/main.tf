variable "second" {
  type    = bool
  default = false
}

data "aws_availability_zones" "it" {
  state = "available"
}

data "aws_vpc" "it" {
  default = true
}

data "aws_subnets" "it" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.it.id]
  }
}

data "aws_subnet" "it" {
  id = data.aws_subnets.it.ids[0]
}

data "aws_security_group" "it" {
  name   = "default"
  vpc_id = data.aws_vpc.it.id
}

data "aws_ec2_instance_type" "it" {
  instance_type = "t3.micro"
}

data "aws_route_table" "it" {
  vpc_id = data.aws_vpc.it.id

  filter {
    name   = "association.main"
    values = ["true"]
  }
}

resource "terraform_data" "it" {
  input = [var.second, data.aws_availability_zones.it.names, data.aws_subnet.it.cidr_block, data.aws_security_group.it.id, data.aws_ec2_instance_type.it.default_vcpus]
}
