variable "second" {
  type    = bool
  default = false
}

data "aws_subnets" "it" {
  filter {
    name   = "availability-zone"
    values = ["us-east-1a"]
  }

  filter {
    name   = "default-for-az"
    values = ["true"]
  }
}

resource "aws_network_interface" "it" {
  subnet_id         = data.aws_subnets.it.ids[0]
  description       = var.second ? "second" : "first"
  source_dest_check = !var.second
  tags              = { step = var.second ? "second" : "first" }
}

resource "aws_instance" "it" {
  ami               = "ami-0a1b2c3d4e5f60001"
  instance_type     = "t3.micro"
  availability_zone = "us-east-1a"
}

resource "aws_network_interface_attachment" "it" {
  instance_id          = aws_instance.it.id
  network_interface_id = aws_network_interface.it.id
  device_index         = 1
}
