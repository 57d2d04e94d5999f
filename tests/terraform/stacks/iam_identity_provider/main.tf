variable "second" {
  type    = bool
  default = false
}

resource "aws_iam_openid_connect_provider" "it" {
  url             = "https://token.example.com"
  client_id_list  = var.second ? ["sts.amazonaws.com", "other"] : ["sts.amazonaws.com"]
  thumbprint_list = [var.second ? "cf23df2207d99a74fbe169e3eba035e633b65d94" : "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
  tags            = { step = var.second ? "second" : "first" }
}

data "aws_iam_policy_document" "it" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.it.arn]
    }

    condition {
      test     = "StringLike"
      variable = "token.example.com:sub"
      values   = ["repo:example/*"]
    }
  }
}

resource "aws_iam_role" "it" {
  name               = "tf-federated"
  assume_role_policy = data.aws_iam_policy_document.it.json
}
