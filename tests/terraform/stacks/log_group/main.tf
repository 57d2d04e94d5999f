variable "second" {
  type    = bool
  default = false
}

resource "aws_cloudwatch_log_group" "it" {
  name              = "/tf/log-group"
  retention_in_days = var.second ? 14 : 7
  tags              = { step = var.second ? "second" : "first" }
}

resource "aws_cloudwatch_log_stream" "it" {
  name           = var.second ? "second" : "first"
  log_group_name = aws_cloudwatch_log_group.it.name
}

data "aws_cloudwatch_log_groups" "it" {
  log_group_name_prefix = "/tf/log-group"
  depends_on            = [aws_cloudwatch_log_group.it]
}
