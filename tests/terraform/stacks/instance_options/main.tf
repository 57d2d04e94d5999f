variable "second" {
  type    = bool
  default = false
}

resource "aws_instance" "it" {
  ami           = "ami-0a1b2c3d4e5f60001"
  instance_type = "t3.micro"
  monitoring    = !var.second

  metadata_options {
    http_tokens                 = var.second ? "optional" : "required"
    http_put_response_hop_limit = var.second ? 1 : 2
    instance_metadata_tags      = var.second ? "disabled" : "enabled"
  }

  credit_specification {
    cpu_credits = var.second ? "standard" : "unlimited"
  }
}
