variable "second" {
  type    = bool
  default = false
}

resource "aws_instance" "it" {
  for_each      = toset([for number in range(var.second ? 19 : 20) : format("m%02d", number)])
  ami           = "ami-0a1b2c3d4e5f60001"
  instance_type = "t3.micro"
  tags          = { Name = each.key, step = var.second ? "second" : "first" }
}
