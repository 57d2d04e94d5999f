"""STS."""

import json

OWN = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}],
})

FIXTURES = {
    "role": {
        "call": "iam.CreateRole",
        "input": {"RoleName": "$new", "AssumeRolePolicyDocument": OWN},
        "is": "output.Role.Arn",
    },
    "user": {"call": "iam.CreateUser", "input": {"UserName": "$new"}, "is": "input.UserName"},
    "key": {"call": "iam.CreateAccessKey", "input": {"UserName": "$user"}, "is": "output.AccessKey.AccessKeyId"},
}
READS = []
ROWS = {
    "AssumeRole": {
        "input": {"RoleArn": "$role", "RoleSessionName": "one", "DurationSeconds": 900, "SourceIdentity": "somebody"},
        "answer": {
            "Credentials.AccessKeyId": ...,
            "Credentials.SessionToken": ...,
            "Credentials.Expiration": ...,
            "AssumedRoleUser.Arn": ...,
            "SourceIdentity": "somebody",
        },
    },
    # What it decodes is told in a refusal, and the owner is refused nothing: `emulator::access` makes the good call.
    "DecodeAuthorizationMessage": {
        "input": {"EncodedMessage": "nobody-was-told-this"},
        "refusal": "InvalidAuthorizationMessageException",
    },
    "GetAccessKeyInfo": {"input": {"AccessKeyId": "$key"}, "answer": {"Account": "$account"}},
    "GetCallerIdentity": {"answer": {"Account": "$account", "Arn": ..., "UserId": ...}},
    "GetSessionToken": {"input": {"DurationSeconds": 900}, "answer": {"Credentials.SecretAccessKey": ...}},
}
PAGES = {}
