variable "second" {
  type    = bool
  default = false
}

resource "aws_key_pair" "it" {
  key_name   = "tf-key-pair"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"
  tags       = { step = var.second ? "second" : "first" }
}

resource "aws_instance" "it" {
  ami           = "ami-0a1b2c3d4e5f60001"
  instance_type = "t3.micro"
  key_name      = aws_key_pair.it.key_name
}
