variable "second" {
  type    = bool
  default = false
}

resource "aws_cloudwatch_log_group" "it" {
  name = "/tf/log-metric-filter"
}

resource "aws_cloudwatch_log_metric_filter" "it" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.it.name
  pattern        = var.second ? "{ $.level = \"ERROR\" }" : "ERROR"

  metric_transformation {
    name      = "Errors"
    namespace = "Tf"
    value     = "1"
  }
}
