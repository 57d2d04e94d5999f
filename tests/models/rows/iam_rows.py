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
# What is allowed where a key of the call has a value, and such a key.
OF_RED = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "ec2:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/Team": "red"}},
        },
    ],
})
RED = [{"ContextKeyName": "aws:ResourceTag/Team", "ContextKeyValues": ["red"], "ContextKeyType": "string"}]
# What a resource lets somebody do, and who.
ANN = "arn:aws:iam::000000000000:user/ann"
OF_ANN = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": ANN}, "Action": "s3:*", "Resource": "*"}],
})
# A path that nothing has.
NOWHERE = {"PathPrefix": "/no/where/"}

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

for _name, _call, _input, _is in (
    ("user", "CreateUser", {"UserName": "$new", "Tags": [{"Key": "a", "Value": "b"}]}, "output.User.UserName"),
    ("group", "CreateGroup", {"GroupName": "$new"}, "output.Group.GroupName"),
    ("member", "AddUserToGroup", {"GroupName": "$group", "UserName": "$user"}, "input.UserName"),
    ("group_attached", "AttachGroupPolicy", {"GroupName": "$group", "PolicyArn": "$policy"}, "input.GroupName"),
    (
        "group_inline",
        "PutGroupPolicy",
        {"GroupName": "$group", "PolicyName": "own", "PolicyDocument": POLICY},
        "input.GroupName",
    ),
    ("login", "CreateLoginProfile", {"UserName": "$user", "Password": "Abcdefg-1"}, "input.UserName"),
    ("key", "CreateAccessKey", {"UserName": "$user"}, "output.AccessKey.AccessKeyId"),
    ("policy", "CreatePolicy", {"PolicyName": "$new", "PolicyDocument": POLICY, "Description": "own"}, "output.Policy.Arn"),
    (
        "version",
        "CreatePolicyVersion",
        {"PolicyArn": "$policy", "PolicyDocument": POLICY},
        "output.PolicyVersion.VersionId",
    ),
    ("profile", "CreateInstanceProfile", {"InstanceProfileName": "$new"}, "input.InstanceProfileName"),
    ("password_policy", "UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 8}, "input.MinimumPasswordLength"),
    ("alias", "CreateAccountAlias", {"AccountAlias": "$new"}, "input.AccountAlias"),
    (
        "provider",
        "CreateOpenIDConnectProvider",
        {"Url": "https://idp.example.com/$new", "ClientIDList": ["app"], "ThumbprintList": ["a" * 40]},
        "output.OpenIDConnectProviderArn",
    ),
    (
        "full_profile",
        "AddRoleToInstanceProfile",
        {"InstanceProfileName": "$profile", "RoleName": "$role"},
        "input.InstanceProfileName",
    ),
    ("user_attached", "AttachUserPolicy", {"UserName": "$user", "PolicyArn": "$policy"}, "input.UserName"),
    (
        "user_inline",
        "PutUserPolicy",
        {"UserName": "$user", "PolicyName": "own", "PolicyDocument": POLICY},
        "input.UserName",
    ),
    (
        "bounded_role",
        "PutRolePermissionsBoundary",
        {"RoleName": "$role", "PermissionsBoundary": MANAGED},
        "input.RoleName",
    ),
    (
        "bounded_user",
        "PutUserPermissionsBoundary",
        {"UserName": "$user", "PermissionsBoundary": MANAGED},
        "input.UserName",
    ),
):
    FIXTURES[_name] = {"call": f"iam.{_call}", "input": _input, "is": _is}

FIXTURES["used_policy"] = {**FIXTURES["user_attached"], "is": "input.PolicyArn"}
for _name in ("group", "policy", "profile", "user"):
    FIXTURES[f"new_{_name}"] = {**FIXTURES[_name], "fresh": True}

# What shows whether a refused call has changed something.
READS = [
    {"call": "iam.ListGroups", "input": {"MaxItems": 1000}},
    {"call": "iam.GetGroup", "input": {"GroupName": "$group"}},
    {"call": "iam.ListGroupsForUser", "input": {"UserName": "$user"}},
    {"call": "iam.ListUsers", "input": {"MaxItems": 1000}},
    {"call": "iam.GetUser", "input": {"UserName": "$user"}},
    {"call": "iam.ListAccessKeys", "input": {"UserName": "$user"}},
    {"call": "iam.ListAttachedUserPolicies", "input": {"UserName": "$user"}},
    {"call": "iam.ListPolicies", "input": {"Scope": "Local", "MaxItems": 1000}},
    {"call": "iam.GetPolicy", "input": {"PolicyArn": "arn:aws:iam::$account:policy/app/$name"}},
    {"call": "iam.ListPolicyVersions", "input": {"PolicyArn": "$policy"}},
    {"call": "iam.ListInstanceProfiles", "input": {"MaxItems": 1000}},
    {"call": "iam.ListRoles", "input": {"MaxItems": 1000}},
    {"call": "iam.GetRole", "input": {"RoleName": "$role"}},
    # What the call that makes one does not show.
    {"call": "iam.GetRole", "input": {"RoleName": "$name"}},
    {"call": "iam.ListAccountAliases"},
    {"call": "iam.GetAccountPasswordPolicy"},
    {
        "call": "iam.GetOpenIDConnectProvider",
        "input": {"OpenIDConnectProviderArn": "arn:aws:iam::$account:oidc-provider/idp.example.com/$name"},
    },
    {"call": "iam.ListAttachedRolePolicies", "input": {"RoleName": "$role"}},
    {"call": "iam.ListRolePolicies", "input": {"RoleName": "$role"}},
    {"call": "iam.GetRolePolicy", "input": {"RoleName": "$inline", "PolicyName": "own"}},
]

ROWS = {
    "AddUserToGroup": {"input": {"GroupName": "$group", "UserName": "$user"}},
    "AttachGroupPolicy": {"input": {"GroupName": "$group", "PolicyArn": MANAGED}},
    "CreateLoginProfile": {
        "input": {"UserName": "$user", "Password": "Abcdefg-1", "PasswordResetRequired": True},
        "answer": {"LoginProfile.UserName": "$user", "LoginProfile.PasswordResetRequired": True},
    },
    "DeleteLoginProfile": {"input": {"UserName": "$login"}},
    "GetLoginProfile": {"input": {"UserName": "$login"}, "answer": {"LoginProfile.UserName": "$user"}},
    "UpdateLoginProfile": {"input": {"UserName": "$login", "PasswordResetRequired": True}},
    "CreateGroup": {
        "input": {"GroupName": "$new", "Path": "/of/"},
        "answer": {"Group.Path": "/of/", "Group.Arn": ..., "Group.CreateDate": ...},
    },
    "DeleteGroup": {"input": {"GroupName": "$group"}},
    "DeleteGroupPolicy": {"input": {"GroupName": "$group_inline", "PolicyName": "own"}},
    "DetachGroupPolicy": {"input": {"GroupName": "$group_attached", "PolicyArn": "$policy"}},
    "GetGroup": {
        "input": {"GroupName": "$group"},
        "answer": {"Group.GroupName": "$group", "Users": ...},
    },
    "GetGroupPolicy": {
        "input": {"GroupName": "$group_inline", "PolicyName": "own"},
        "answer": {"PolicyName": "own", "PolicyDocument": ...},
    },
    "ListAttachedGroupPolicies": {
        "input": {"GroupName": "$group_attached"},
        "answer": {"AttachedPolicies[0].PolicyArn": "$policy"},
    },
    "ListGroupPolicies": {"input": {"GroupName": "$group_inline"}, "answer": {"PolicyNames[0]": "own"}},
    "PutGroupPolicy": {"input": {"GroupName": "$group", "PolicyName": "other", "PolicyDocument": POLICY}},
    "RemoveUserFromGroup": {"input": {"GroupName": "$group", "UserName": "$member"}},
    "UpdateGroup": {"input": {"GroupName": "$group", "NewPath": "/other/"}},
    "AttachRolePolicy": {"input": {"RoleName": "$role", "PolicyArn": MANAGED}},
    "CreateRole": {
        "input": {
            "RoleName": "$name",
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
    "ListRoles": [
        {"input": {"PathPrefix": "/", "MaxItems": 100}, "answer": {"Roles": ...}},
        {"input": NOWHERE, "answer": {"Roles": []}},
    ],
    "PutRolePolicy": {"input": {"RoleName": "$role", "PolicyName": "own", "PolicyDocument": POLICY}},
    "TagRole": {"input": {"RoleName": "$role", "Tags": [{"Key": "c", "Value": "d"}]}},
    "SimulateCustomPolicy": [
        {
            "input": {"PolicyInputList": [POLICY], "ActionNames": ["ec2:DescribeInstances"]},
            "answer": {"EvaluationResults[0].EvalDecision": "allowed"},
        },
        {
            "input": {"PolicyInputList": [OF_RED], "ActionNames": ["ec2:StopInstances"], "ContextEntries": RED},
            "answer": {"EvaluationResults[0].EvalDecision": "allowed"},
        },
        {
            "input": {
                "PolicyInputList": [POLICY],
                "ActionNames": ["s3:GetObject"],
                "ResourcePolicy": OF_ANN,
                "CallerArn": ANN,
                "ResourceOwner": "arn:aws:iam::$account:root",
            },
            "answer": {"EvaluationResults[0].EvalDecision": "allowed"},
        },
    ],
    "SimulatePrincipalPolicy": [
        {
            "input": {
                "PolicySourceArn": "$role_arn",
                "ActionNames": ["ec2:DescribeInstances"],
                "ResourceArns": ["arn:aws:ec2:us-east-1:$account:instance/i-1"],
                "ContextEntries": RED,
            },
            "answer": {"EvaluationResults[0].EvalDecision": "implicitDeny"},
        },
        {
            "input": {
                "PolicySourceArn": "$role_arn",
                "PolicyInputList": [OF_RED],
                "ActionNames": ["ec2:StopInstances"],
                "ContextEntries": RED,
            },
            "answer": {"EvaluationResults[0].EvalDecision": "allowed"},
        },
        {
            "input": {
                "PolicySourceArn": "$role_arn",
                "ActionNames": ["s3:GetObject"],
                "ResourcePolicy": OF_ANN,
                "CallerArn": ANN,
            },
            "answer": {"EvaluationResults[0].EvalDecision": "allowed"},
        },
    ],
    "UntagRole": {"input": {"RoleName": "$role", "TagKeys": ["a"]}},
    "UpdateAssumeRolePolicy": {"input": {"RoleName": "$role", "PolicyDocument": TRUST}},
    "UpdateRole": {"input": {"RoleName": "$role", "Description": "new", "MaxSessionDuration": 7200}},
}

TAG = {"Key": "c", "Value": "d"}

for _kind, _thing, _name in (
    ("User", "$user", "UserName"),
    ("Policy", "$policy", "PolicyArn"),
    ("InstanceProfile", "$profile", "InstanceProfileName"),
    ("OpenIDConnectProvider", "$provider", "OpenIDConnectProviderArn"),
):
    ROWS[f"Tag{_kind}"] = {"input": {_name: _thing, "Tags": [TAG]}}
    ROWS[f"Untag{_kind}"] = {"input": {_name: _thing, "TagKeys": ["c"]}}
    ROWS[f"List{_kind}Tags"] = {"input": {_name: _thing}, "answer": {"Tags": ..., "IsTruncated": False}}

ROWS |= {
    "AddClientIDToOpenIDConnectProvider": {"input": {"OpenIDConnectProviderArn": "$provider", "ClientID": "other"}},
    "AddRoleToInstanceProfile": {"input": {"InstanceProfileName": "$profile", "RoleName": "$role"}},
    "AttachUserPolicy": {"input": {"UserName": "$user", "PolicyArn": "$policy"}},
    "CreateAccessKey": {
        "input": {"UserName": "$user"},
        "answer": {"AccessKey.Status": "Active", "AccessKey.SecretAccessKey": ..., "AccessKey.UserName": "$user"},
    },
    "CreateAccountAlias": {"input": {"AccountAlias": "of-a-test"}},
    "CreateInstanceProfile": {
        "input": {"InstanceProfileName": "$new", "Path": "/app/", "Tags": [TAG]},
        "answer": {"InstanceProfile.Path": "/app/", "InstanceProfile.Roles": ..., "InstanceProfile.Tags[0].Key": "c"},
    },
    "CreateOpenIDConnectProvider": {
        "input": {
            "Url": "https://idp.example.com/$name",
            "ClientIDList": ["app"],
            "ThumbprintList": ["b" * 40],
            "Tags": [TAG],
        },
        "answer": {"OpenIDConnectProviderArn": ..., "Tags[0].Key": "c"},
    },
    "CreatePolicy": {
        "input": {"PolicyName": "$name", "PolicyDocument": POLICY, "Path": "/app/", "Description": "own", "Tags": [TAG]},
        "answer": {"Policy.DefaultVersionId": "v1", "Policy.AttachmentCount": 0, "Policy.Arn": ...},
    },
    "CreatePolicyVersion": {
        "input": {"PolicyArn": "$policy", "PolicyDocument": POLICY, "SetAsDefault": True},
        "answer": {"PolicyVersion.VersionId": "v2", "PolicyVersion.IsDefaultVersion": True},
    },
    "CreateUser": {
        "input": {"UserName": "$new", "Path": "/app/", "PermissionsBoundary": MANAGED, "Tags": [TAG]},
        "answer": {"User.Path": "/app/", "User.Arn": ..., "User.Tags[0].Value": "d", "User.CreateDate": ...},
    },
    "DeleteAccessKey": {"input": {"UserName": "$user", "AccessKeyId": "$key"}},
    "DeleteAccountAlias": {"input": {"AccountAlias": "$alias"}},
    "DeleteAccountPasswordPolicy": {"needs": ["$password_policy"]},
    "DeleteInstanceProfile": {"input": {"InstanceProfileName": "$profile"}},
    "DeleteOpenIDConnectProvider": {"input": {"OpenIDConnectProviderArn": "$provider"}},
    "DeletePolicy": {"input": {"PolicyArn": "$policy"}},
    "DeletePolicyVersion": {"input": {"PolicyArn": "$policy", "VersionId": "$version"}},
    "DeleteRolePermissionsBoundary": {"input": {"RoleName": "$bounded_role"}},
    "DeleteUser": {"input": {"UserName": "$user"}},
    "DeleteUserPermissionsBoundary": {"input": {"UserName": "$bounded_user"}},
    "DeleteUserPolicy": {"input": {"UserName": "$user_inline", "PolicyName": "own"}},
    "DetachUserPolicy": {"input": {"UserName": "$user_attached", "PolicyArn": "$policy"}},
    "GetAccountPasswordPolicy": {
        "needs": ["$password_policy"],
        "answer": {"PasswordPolicy.MinimumPasswordLength": 8, "PasswordPolicy.ExpirePasswords": False},
    },
    "GetInstanceProfile": {
        "input": {"InstanceProfileName": "$full_profile"},
        "answer": {"InstanceProfile.Roles[0].RoleName": "$role", "InstanceProfile.InstanceProfileId": ...},
    },
    "GetOpenIDConnectProvider": {
        "input": {"OpenIDConnectProviderArn": "$provider"},
        "answer": {"Url": ..., "ClientIDList[0]": "app", "ThumbprintList[0]": "a" * 40, "CreateDate": ...},
    },
    "GetPolicy": [
        {"input": {"PolicyArn": "$policy"}, "answer": {"Policy.Description": "own", "Policy.IsAttachable": True}},
        {"input": {"PolicyArn": MANAGED}, "answer": {"Policy.PolicyName": "ReadOnlyAccess"}},
    ],
    "GetPolicyVersion": [
        {
            "input": {"PolicyArn": "$policy", "VersionId": "v1"},
            "answer": {"PolicyVersion.Document": ..., "PolicyVersion.IsDefaultVersion": True},
        },
        {
            "input": {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess", "VersionId": "v1"},
            "answer": {"PolicyVersion.Document": ...},
        },
    ],
    "GetUser": [
        {"input": {"UserName": "$user"}, "answer": {"User.UserName": "$user", "User.Tags[0].Value": "b"}},
        {"input": {}, "answer": {"User.UserId": "$account"}},
    ],
    "GetUserPolicy": {
        "input": {"UserName": "$user_inline", "PolicyName": "own"},
        "answer": {"UserName": "$user", "PolicyDocument": ...},
    },
    "ListAccessKeys": {"input": {"UserName": "$user"}, "answer": {"AccessKeyMetadata": ...}},
    "GetAccountSummary": {"input": {}, "answer": {"SummaryMap.RolesQuota": 1000, "SummaryMap.Roles": ...}},
    "ListAccountAliases": {"input": {}, "answer": {"AccountAliases": ...}},
    "ListOpenIDConnectProviders": {"input": {}, "answer": {"OpenIDConnectProviderList": ...}},
    "ListAttachedUserPolicies": {
        "input": {"UserName": "$user_attached"},
        "answer": {"AttachedPolicies[0].PolicyArn": "$policy"},
    },
    "ListMFADevices": {"input": {"UserName": "$user"}, "answer": {"MFADevices": ...}},
    "ListSSHPublicKeys": {"input": {"UserName": "$user"}, "answer": {"SSHPublicKeys": ...}},
    "ListServiceSpecificCredentials": {"input": {"UserName": "$user"}, "answer": {"ServiceSpecificCredentials": ...}},
    "ListSigningCertificates": {"input": {"UserName": "$user"}, "answer": {"Certificates": ...}},
    "ListVirtualMFADevices": {"input": {"AssignmentStatus": "Assigned"}, "answer": {"VirtualMFADevices": ...}},
    "ListEntitiesForPolicy": [
        {"input": {"PolicyArn": "$policy"}, "answer": {"PolicyUsers": ..., "PolicyRoles": ...}},
        {"input": {"PolicyArn": MANAGED, "EntityFilter": "Role"}, "answer": {"PolicyRoles": ...}},
        {"input": {"PolicyArn": "$used_policy"}, "answer": {"PolicyUsers[0].UserName": "$user"}},
        {
            "input": {"PolicyArn": "$used_policy", "PolicyUsageFilter": "PermissionsBoundary"},
            "answer": {"PolicyUsers": []},
        },
    ],
    "ListGroups": [
        {"input": {"PathPrefix": "/"}, "answer": {"Groups": ...}},
        {"input": NOWHERE, "answer": {"Groups": []}},
    ],
    "ListGroupsForUser": {"input": {"UserName": "$user"}, "answer": {"Groups": ...}},
    "ListInstanceProfiles": [
        {"input": {"PathPrefix": "/"}, "answer": {"InstanceProfiles": ...}},
        {"input": NOWHERE, "answer": {"InstanceProfiles": []}},
    ],
    "ListPolicies": [
        {"input": {"Scope": "Local"}, "answer": {"Policies": ...}},
        {"input": {"Scope": "AWS", "PathPrefix": "/service-role/"}, "answer": {"Policies[0].Path": "/service-role/"}},
    ],
    "ListPolicyVersions": {"input": {"PolicyArn": "$policy"}, "answer": {"Versions[0].VersionId": "v1"}},
    "ListUserPolicies": {"input": {"UserName": "$user_inline"}, "answer": {"PolicyNames[0]": "own"}},
    "ListUsers": [
        {"input": {"PathPrefix": "/"}, "answer": {"Users": ...}},
        {"input": NOWHERE, "answer": {"Users": []}},
    ],
    "PutRolePermissionsBoundary": {"input": {"RoleName": "$role", "PermissionsBoundary": MANAGED}},
    "PutUserPermissionsBoundary": {"input": {"UserName": "$user", "PermissionsBoundary": MANAGED}},
    "PutUserPolicy": {"input": {"UserName": "$user", "PolicyName": "own", "PolicyDocument": POLICY}},
    "RemoveClientIDFromOpenIDConnectProvider": {"input": {"OpenIDConnectProviderArn": "$provider", "ClientID": "app"}},
    "RemoveRoleFromInstanceProfile": {"input": {"InstanceProfileName": "$full_profile", "RoleName": "$role"}},
    "SetDefaultPolicyVersion": {"input": {"PolicyArn": "$policy", "VersionId": "$version"}},
    "UpdateAccessKey": {"input": {"UserName": "$user", "AccessKeyId": "$key", "Status": "Inactive"}},
    "UpdateOpenIDConnectProviderThumbprint": {
        "input": {"OpenIDConnectProviderArn": "$provider", "ThumbprintList": ["c" * 40]},
    },
    "UpdateAccountPasswordPolicy": {"input": {"MinimumPasswordLength": 8, "RequireNumbers": True}},
    "UpdateRoleDescription": {
        "input": {"RoleName": "$role", "Description": "new"},
        "answer": {"Role.Description": "new"},
    },
    "UpdateUser": {"input": {"UserName": "$user", "NewPath": "/new/"}},
}


def pages_of(call, name, given, removal, items, listing=None, known=None):
    """A pager over things that are made and removed by themselves."""
    return {
        "make": {"call": f"iam.{call}", "input": {name: "$new", **given}, "is": known or f"input.{name}"},
        "remove": {"call": f"iam.{removal}", "input": {("PolicyArn" if known else name): "$item"}},
        "input": listing or {},
        "items": items,
    }


PAGES = {
    "SimulateCustomPolicy": {
        "input": {"PolicyInputList": [POLICY], "ActionNames": ["ec2:A", "ec2:B", "ec2:C"]},
        "items": "EvaluationResults[].EvalActionName",
        "least": 3,
    },
    "SimulatePrincipalPolicy": {
        "input": {"PolicySourceArn": "$role_arn", "ActionNames": ["ec2:A", "ec2:B", "ec2:C"]},
        "items": "EvaluationResults[].EvalActionName",
        "least": 3,
    },
    "ListAccessKeys": {
        "make": {
            "call": "iam.CreateAccessKey",
            "input": {"UserName": "$user"},
            "is": "output.AccessKey.AccessKeyId",
        },
        "remove": {"call": "iam.DeleteAccessKey", "input": {"UserName": "$user", "AccessKeyId": "$item"}},
        "input": {"UserName": "$user"},
        "items": "AccessKeyMetadata[].AccessKeyId",
        # A user has no more.
        "count": 2,
    },
    "ListAccountAliases": {"items": "AccountAliases"},
    "ListMFADevices": {"items": "MFADevices[].SerialNumber"},
    "ListSSHPublicKeys": {"items": "SSHPublicKeys[].SSHPublicKeyId"},
    "ListServiceSpecificCredentials": {
        "items": "ServiceSpecificCredentials[].ServiceSpecificCredentialId",
        "tokens": {"input_token": "Marker", "output_token": "Marker", "limit_key": "MaxItems"},
    },
    "ListSigningCertificates": {"items": "Certificates[].CertificateId"},
    "ListVirtualMFADevices": {"items": "VirtualMFADevices[].SerialNumber"},
    "GetGroup": {
        "make": {
            "call": "iam.AddUserToGroup",
            "input": {"GroupName": "$group", "UserName": "$new_user"},
            "is": "input.UserName",
        },
        "remove": {"call": "iam.RemoveUserFromGroup", "input": {"GroupName": "$group", "UserName": "$item"}},
        "input": {"GroupName": "$group"},
        "items": "Users[].UserName",
    },
    "ListGroups": pages_of(
        "CreateGroup", "GroupName", {"Path": "/paged/"}, "DeleteGroup", "Groups[].GroupName", {"PathPrefix": "/paged/"},
    ),
    "ListInstanceProfiles": pages_of(
        "CreateInstanceProfile", "InstanceProfileName", {"Path": "/paged/"}, "DeleteInstanceProfile",
        "InstanceProfiles[].InstanceProfileName", {"PathPrefix": "/paged/"},
    ),
    "ListPolicies": pages_of(
        "CreatePolicy", "PolicyName", {"Path": "/paged/", "PolicyDocument": POLICY}, "DeletePolicy", "Policies[].Arn",
        {"PathPrefix": "/paged/"}, "output.Policy.Arn",
    ),
    "ListPolicyVersions": {
        "make": {
            "call": "iam.CreatePolicyVersion",
            "input": {"PolicyArn": "$policy", "PolicyDocument": POLICY},
            "is": "output.PolicyVersion.VersionId",
        },
        "remove": {"call": "iam.DeletePolicyVersion", "input": {"PolicyArn": "$policy", "VersionId": "$item"}},
        "input": {"PolicyArn": "$policy"},
        "items": "Versions[].VersionId",
        "count": 4,
    },
    "ListUsers": pages_of(
        "CreateUser", "UserName", {"Path": "/paged/"}, "DeleteUser", "Users[].UserName", {"PathPrefix": "/paged/"},
    ),
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

# What belongs to something: the pager, what makes a thing and what removes it, whose it is, what it is known by.
for _pager, _make, _removal, _whose, _name, _thing, _items in (
    ("ListAttachedGroupPolicies", "AttachGroupPolicy", "DetachGroupPolicy", {"GroupName": "$group"}, "PolicyArn",
     "$new_policy", "AttachedPolicies[].PolicyArn"),
    ("ListAttachedUserPolicies", "AttachUserPolicy", "DetachUserPolicy", {"UserName": "$user"}, "PolicyArn",
     "$new_policy", "AttachedPolicies[].PolicyArn"),
    ("ListEntitiesForPolicy", "AttachUserPolicy", "DetachUserPolicy", {"PolicyArn": "$policy"}, "UserName",
     "$new_user", "PolicyUsers[].UserName"),
    ("ListGroupPolicies", "PutGroupPolicy", "DeleteGroupPolicy", {"GroupName": "$group"}, "PolicyName", "$new",
     "PolicyNames"),
    ("ListGroupsForUser", "AddUserToGroup", "RemoveUserFromGroup", {"UserName": "$user"}, "GroupName", "$new_group",
     "Groups[].GroupName"),
    ("ListInstanceProfilesForRole", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile",
     {"RoleName": "$role"}, "InstanceProfileName", "$new_profile", "InstanceProfiles[].InstanceProfileName"),
    ("ListUserPolicies", "PutUserPolicy", "DeleteUserPolicy", {"UserName": "$user"}, "PolicyName", "$new",
     "PolicyNames"),
):
    _more = {"PolicyDocument": POLICY} if _make.startswith("Put") else {}
    PAGES[_pager] = {
        "make": {"call": f"iam.{_make}", "input": {**_whose, _name: _thing, **_more}, "is": f"input.{_name}"},
        "remove": {"call": f"iam.{_removal}", "input": {**_whose, _name: "$item"}},
        "input": _whose,
        "items": _items,
    }

for _kind, _whose in (
    ("InstanceProfile", {"InstanceProfileName": "$profile"}),
    ("OpenIDConnectProvider", {"OpenIDConnectProviderArn": "$provider"}),
    ("Policy", {"PolicyArn": "$policy"}),
    ("User", {"UserName": "$user"}),
):
    PAGES[f"List{_kind}Tags"] = {
        "make": {
            "call": f"iam.Tag{_kind}",
            "input": {**_whose, "Tags": [{"Key": "$new", "Value": "v"}]},
            "is": "input.Tags[0].Key",
        },
        "remove": {"call": f"iam.Untag{_kind}", "input": {**_whose, "TagKeys": ["$item"]}},
        "input": _whose,
        "items": "Tags[].Key",
    }
