variable "second" {
  type    = bool
  default = false
}

resource "aws_vpc" "it" {
  cidr_block = "10.3.0.0/16"
}

resource "aws_vpc_dhcp_options" "it" {
  domain_name         = "first.example.com"
  domain_name_servers = ["10.3.0.2", "AmazonProvidedDNS"]
  ntp_servers         = ["127.0.0.1"]
  tags                = { step = var.second ? "second" : "first" }
}

resource "aws_vpc_dhcp_options" "other" {
  domain_name = "second.example.com"
}

resource "aws_vpc_dhcp_options_association" "it" {
  vpc_id          = aws_vpc.it.id
  dhcp_options_id = var.second ? aws_vpc_dhcp_options.other.id : aws_vpc_dhcp_options.it.id
}
