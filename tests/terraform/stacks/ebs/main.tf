variable "second" {
  type    = bool
  default = false
}

resource "aws_instance" "it" {
  ami               = "ami-0a1b2c3d4e5f60001"
  instance_type     = "t3.micro"
  availability_zone = "us-east-1a"
}

resource "aws_ebs_volume" "it" {
  availability_zone = "us-east-1a"
  size              = var.second ? 9 : 8
  type              = "gp3"
  iops              = var.second ? 4000 : 3000
  tags              = { step = var.second ? "second" : "first" }
}

resource "aws_volume_attachment" "it" {
  device_name = "/dev/sdh"
  volume_id   = aws_ebs_volume.it.id
  instance_id = aws_instance.it.id
}

resource "aws_ebs_snapshot" "it" {
  volume_id   = aws_ebs_volume.it.id
  description = "of a test"
  tags        = { step = var.second ? "second" : "first" }
}

resource "aws_ami" "it" {
  name                = "tf-ebs"
  description         = var.second ? "second" : "first"
  virtualization_type = "hvm"
  root_device_name    = "/dev/xvda"
  ena_support         = true

  ebs_block_device {
    device_name = "/dev/xvda"
    snapshot_id = aws_ebs_snapshot.it.id
    volume_size = 10
  }
}
