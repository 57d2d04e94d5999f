variable "second" {
  type    = bool
  default = false
}

resource "aws_cloudwatch_metric_alarm" "it" {
  alarm_name          = "tf-metric-alarm"
  alarm_description   = var.second ? "second" : "first"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = "tf-metric-alarm" }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.second ? 2 : 1
  period              = 60
  evaluation_periods  = var.second ? 2 : 1
}
