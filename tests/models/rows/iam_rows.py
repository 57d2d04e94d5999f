"""IAM."""

import json

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
})
POLICY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}],
})
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"

FIXTURES = {
    "role": {
        "call": "iam.CreateRole",
        "input": {
            "RoleName": "$new",
            "AssumeRolePolicyDocument": TRUST,
            "Description": "of a test",
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        "is": "output.Role.RoleName",
    },
    "role_arn": {"call": "iam.GetRole", "input": {"RoleName": "$role"}, "is": "output.Role.Arn"},
    "attached": {
        "call": "iam.AttachRolePolicy",
        "input": {"RoleName": "$role", "PolicyArn": MANAGED},
        "is": "input.RoleName",
    },
    "inline": {
        "call": "iam.PutRolePolicy",
        "input": {"RoleName": "$role", "PolicyName": "own", "PolicyDocument": POLICY},
        "is": "input.RoleName",
    },
}

# What shows whether a refused call has changed something.
READS = [
    {"call": "iam.ListRoles", "input": {"MaxItems": 1000}},
    {"call": "iam.GetRole", "input": {"RoleName": "$role"}},
    {"call": "iam.ListAttachedRolePolicies", "input": {"RoleName": "$role"}},
    {"call": "iam.ListRolePolicies", "input": {"RoleName": "$role"}},
    {"call": "iam.GetRolePolicy", "input": {"RoleName": "$inline", "PolicyName": "own"}},
]

ROWS = {
    "AttachRolePolicy": {"input": {"RoleName": "$role", "PolicyArn": MANAGED}},
    "CreateRole": {
        "input": {
            "RoleName": "$new",
            "AssumeRolePolicyDocument": TRUST,
            "Path": "/service/",
            "MaxSessionDuration": 7200,
            "PermissionsBoundary": MANAGED,
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        "answer": {
            "Role.Path": "/service/",
            "Role.Arn": ...,
            "Role.CreateDate": ...,
            "Role.PermissionsBoundary.PermissionsBoundaryArn": MANAGED,
        },
    },
    "DeleteRole": {"input": {"RoleName": "$role"}},
    "DeleteRolePolicy": {"input": {"RoleName": "$inline", "PolicyName": "own"}},
    "DetachRolePolicy": {"input": {"RoleName": "$attached", "PolicyArn": MANAGED}},
    "GetRole": {
        "input": {"RoleName": "$role"},
        "answer": {"Role.AssumeRolePolicyDocument": ..., "Role.MaxSessionDuration": 3600, "Role.Tags[0].Value": "b"},
    },
    "GetRolePolicy": {
        "input": {"RoleName": "$inline", "PolicyName": "own"},
        "answer": {"RoleName": "$role", "PolicyName": "own", "PolicyDocument": ...},
    },
    "ListAttachedRolePolicies": {
        "input": {"RoleName": "$attached"},
        "answer": {"AttachedPolicies[0].PolicyArn": MANAGED, "AttachedPolicies[0].PolicyName": "ReadOnlyAccess"},
    },
    "ListInstanceProfilesForRole": {"input": {"RoleName": "$role"}, "answer": {"InstanceProfiles": ...}},
    "ListRolePolicies": {"input": {"RoleName": "$inline"}, "answer": {"PolicyNames[0]": "own"}},
    "ListRoleTags": {"input": {"RoleName": "$role"}, "answer": {"Tags[0].Key": "a", "IsTruncated": False}},
    "ListRoles": {"input": {"PathPrefix": "/", "MaxItems": 100}, "answer": {"Roles": ...}},
    "PutRolePolicy": {"input": {"RoleName": "$role", "PolicyName": "own", "PolicyDocument": POLICY}},
    "TagRole": {"input": {"RoleName": "$role", "Tags": [{"Key": "c", "Value": "d"}]}},
    "UntagRole": {"input": {"RoleName": "$role", "TagKeys": ["a"]}},
    "UpdateAssumeRolePolicy": {"input": {"RoleName": "$role", "PolicyDocument": TRUST}},
    "UpdateRole": {"input": {"RoleName": "$role", "Description": "new", "MaxSessionDuration": 7200}},
}

PAGES = {
    "ListAttachedRolePolicies": {
        "make": {
            "call": "iam.AttachRolePolicy",
            "input": {"RoleName": "$role", "PolicyArn": "arn:aws:iam::aws:policy/$each"},
            "is": "input.PolicyArn",
        },
        # What AWS itself has.
        "each": ["AdministratorAccess", "AmazonEC2FullAccess", "IAMFullAccess", "PowerUserAccess", "ReadOnlyAccess"],
        "remove": {"call": "iam.DetachRolePolicy", "input": {"RoleName": "$role", "PolicyArn": "$item"}},
        "input": {"RoleName": "$role"},
        "items": "AttachedPolicies[].PolicyArn",
    },
    "ListInstanceProfilesForRole": {"input": {"RoleName": "$role"}, "items": "InstanceProfiles[].InstanceProfileName"},
    "ListRolePolicies": {
        "make": {
            "call": "iam.PutRolePolicy",
            "input": {"RoleName": "$role", "PolicyName": "$new", "PolicyDocument": POLICY},
            "is": "input.PolicyName",
        },
        "remove": {"call": "iam.DeleteRolePolicy", "input": {"RoleName": "$role", "PolicyName": "$item"}},
        "input": {"RoleName": "$role"},
        "items": "PolicyNames",
    },
    "ListRoleTags": {
        "make": {
            "call": "iam.TagRole",
            "input": {"RoleName": "$role", "Tags": [{"Key": "$new", "Value": "v"}]},
            "is": "input.Tags[0].Key",
        },
        "remove": {"call": "iam.UntagRole", "input": {"RoleName": "$role", "TagKeys": ["$item"]}},
        "input": {"RoleName": "$role"},
        "items": "Tags[].Key",
    },
    "ListRoles": {
        "make": {
            "call": "iam.CreateRole",
            "input": {"RoleName": "$new", "Path": "/paged/", "AssumeRolePolicyDocument": TRUST},
            "is": "input.RoleName",
        },
        "remove": {"call": "iam.DeleteRole", "input": {"RoleName": "$item"}},
        "input": {"PathPrefix": "/paged/"},
        "items": "Roles[].RoleName",
    },
}
