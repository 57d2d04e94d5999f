variable "second" {
  type    = bool
  default = false
}

resource "aws_instance" "it" {
  ami                                  = "ami-0a1b2c3d4e5f60001"
  instance_type                        = var.second ? "t2.small" : "t2.micro"
  user_data                            = "#!/bin/sh\necho first\n"
  source_dest_check                    = !var.second
  instance_initiated_shutdown_behavior = var.second ? "terminate" : "stop"
  tags                                 = { Name = var.second ? "second" : "first" }
  volume_tags                          = { step = var.second ? "second" : "first" }

  root_block_device {
    volume_size           = var.second ? 12 : 10
    volume_type           = "gp3"
    delete_on_termination = true
  }
}

resource "aws_ec2_instance_state" "it" {
  instance_id = aws_instance.it.id
  state       = var.second ? "stopped" : "running"
}
