variable "second" {
  type    = bool
  default = false
}

data "aws_subnets" "it" {
  filter {
    name   = "availability-zone"
    values = ["us-east-1b"]
  }

  filter {
    name   = "default-for-az"
    values = ["true"]
  }
}

resource "aws_security_group" "it" {
  count = 2
  name  = "tf-instance-interface-${count.index}"
}

resource "aws_network_interface" "it" {
  subnet_id       = data.aws_subnets.it.ids[0]
  private_ips     = ["172.31.16.100"]
  security_groups = [aws_security_group.it[var.second ? 1 : 0].id]
  tags            = { step = var.second ? "second" : "first" }
}

resource "aws_instance" "it" {
  ami           = "ami-0a1b2c3d4e5f60001"
  instance_type = "t3.micro"

  network_interface {
    network_interface_id = aws_network_interface.it.id
    device_index         = 0
  }

  tags = { step = var.second ? "second" : "first" }
}

resource "aws_eip" "it" {
  network_interface = aws_network_interface.it.id
}
