variable "second" {
  type    = bool
  default = false
}

resource "aws_launch_template" "it" {
  name                   = "tf-launch-template"
  description            = var.second ? "second" : "first"
  image_id               = "ami-0a1b2c3d4e5f60001"
  instance_type          = var.second ? "t3.small" : "t3.micro"
  update_default_version = true

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 12
      volume_type = "gp3"
    }
  }

  metadata_options {
    http_tokens = "required"
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { step = "template" }
  }
}

resource "aws_instance" "it" {
  launch_template {
    id      = aws_launch_template.it.id
    version = "1"
  }

  tags = { step = var.second ? "second" : "first" }
}
