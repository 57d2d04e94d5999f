"""What an engine has: one line for each resource that a listing shows."""

import botocore.session

# Service, operation, the list in the answer, and what names one of its items.
LISTINGS = [
    ("apigateway", "GetRestApis", "items", "id"),
    ("apigateway", "GetApiKeys", "items", "id"),
    ("apigateway", "GetUsagePlans", "items", "id"),
    ("apigatewayv2", "GetApis", "Items", "ApiId"),
    ("ec2", "DescribeAddresses", "Addresses", "AllocationId"),
    ("ec2", "DescribeDhcpOptions", "DhcpOptions", "DhcpOptionsId"),
    ("ec2", "DescribeInstances", "Reservations[].Instances[?State.Name!='terminated'][]", "InstanceId"),
    ("ec2", "DescribeInternetGateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "DescribeKeyPairs", "KeyPairs", "KeyName"),
    ("ec2", "DescribeLaunchTemplates", "LaunchTemplates", "LaunchTemplateId"),
    ("ec2", "DescribeNatGateways", "NatGateways[?State!='deleted']", "NatGatewayId"),
    ("ec2", "DescribeNetworkAcls", "NetworkAcls", "NetworkAclId"),
    ("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("ec2", "DescribeRouteTables", "RouteTables", "RouteTableId"),
    ("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules", "SecurityGroupRuleId"),
    ("ec2", "DescribeSecurityGroups", "SecurityGroups", "GroupId"),
    ("ec2", "DescribeSnapshots", "Snapshots[?OwnerId!='137112412989']", "SnapshotId"),
    ("ec2", "DescribeSubnets", "Subnets", "SubnetId"),
    ("ec2", "DescribeVolumes", "Volumes", "VolumeId"),
    ("ec2", "DescribeVpcEndpoints", "VpcEndpoints[?State!='deleting']", "VpcEndpointId"),
    ("ec2", "DescribeVpcs", "Vpcs", "VpcId"),
    ("iam", "ListGroups", "Groups", "GroupName"),
    ("iam", "ListInstanceProfiles", "InstanceProfiles", "InstanceProfileName"),
    ("iam", "ListOpenIDConnectProviders", "OpenIDConnectProviderList", "Arn"),
    ("iam", "ListRoles", "Roles", "RoleName"),
    ("iam", "ListUsers", "Users", "UserName"),
    ("lambda", "ListFunctions", "Functions", "FunctionName"),
    ("lambda", "ListLayers", "Layers", "LayerName"),
    ("logs", "DescribeLogGroups", "logGroups", "logGroupName"),
]
OWN = [
    ("ec2", "DescribeImages", {"Owners": ["self"]}, "Images", "ImageId"),
    ("iam", "ListPolicies", {"Scope": "Local"}, "Policies", "PolicyName"),
]
# Services that an engine may be too old for.
LATER = [
    ("events", "ListRules", "Rules", "Name"),
    ("cloudwatch", "DescribeAlarms", "MetricAlarms", "AlarmName"),
]


def everything():
    """Lists all resources of the engine that the environment names."""
    import jmespath

    session = botocore.session.get_session()
    clients = {}
    lines = set()
    rows = [(service, name, {}, path, key) for service, name, path, key in LISTINGS + LATER] + OWN
    for service, name, given, path, key in rows:
        client = clients.setdefault(service, session.create_client(service))
        method = getattr(client, botocore.xform_name(name))
        try:
            pages = (
                client.get_paginator(botocore.xform_name(name)).paginate(**given)
                if client.can_paginate(botocore.xform_name(name))
                else [method(**given)]
            )
            for page in pages:
                lines.update(f"{service} {name} {item[key]}" for item in jmespath.search(path, page) or [])
        except client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 501 and "correct service" not in str(error):
                raise
    return lines
