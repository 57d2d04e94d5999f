variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_account_alias" "it" {
  account_alias = var.second ? "tf-second" : "tf-first"
}

resource "aws_iam_account_password_policy" "it" {
  minimum_password_length        = var.second ? 12 : 10
  require_numbers                = true
  allow_users_to_change_password = var.second
  max_password_age               = 90
}
