"""EC2."""

IMAGE = "ami-0a1b2c3d4e5f60001"
DISK = {
    "RootDeviceName": "/dev/xvda",
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "$snapshot"}}],
}
SSH = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
OUT = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
PUBLIC = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"

DEFAULT = [{"Name": "is-default", "Values": ["true"]}]
OF_A_ZONE = [{"Name": "default-for-az", "Values": ["true"]}, {"Name": "availability-zone", "Values": ["us-east-1a"]}]
OF_THE_VPC = [{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": ["$vpc"]}]
S3 = "com.amazonaws.us-east-1.s3"
GET = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}'
TEMPLATE = {
    "ImageId": IMAGE,
    "InstanceType": "t3.micro",
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 12}}],
    "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-0123456789abcdef0"]}],
    "MetadataOptions": {"HttpTokens": "required"},
    "Monitoring": {"Enabled": True},
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
}


def wait_for(state):
    """Waits until the instance is in a state."""
    return {
        "call": "ec2.DescribeInstances",
        "input": {"InstanceIds": ["$it"]},
        "sees": "Reservations[0].Instances[0].State.Name",
        "value": state,
    }


FIXTURES = {
    "instance": {
        "call": "ec2.RunInstances",
        "input": {
            "ImageId": IMAGE,
            "InstanceType": "t2.micro",
            "MinCount": 1,
            "MaxCount": 1,
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
        },
        "is": "output.Instances[0].InstanceId",
        "until": [wait_for("running")],
    },
    "stopped": {
        "call": "ec2.StopInstances",
        "input": {"InstanceIds": ["$instance"]},
        "is": "input.InstanceIds[0]",
        "until": [wait_for("stopped")],
    },
}

for _name, _call, _input, _is in (
    ("group", "CreateSecurityGroup", {"GroupName": "$new", "Description": "of a test"}, "output.GroupId"),
    ("key", "CreateKeyPair", {"KeyName": "$new", "KeyType": "ed25519"}, "input.KeyName"),
    ("placement", "CreatePlacementGroup", {"GroupName": "$new", "Strategy": "spread"}, "input.GroupName"),
    (
        "rule",
        "AuthorizeSecurityGroupIngress",
        {"GroupId": "$group", "IpPermissions": SSH},
        "output.SecurityGroupRules[0].SecurityGroupRuleId",
    ),
    ("vpc", "DescribeVpcs", {"Filters": DEFAULT}, "output.Vpcs[0].VpcId"),
    ("subnet", "DescribeSubnets", {"Filters": OF_A_ZONE}, "output.Subnets[0].SubnetId"),
    ("table", "DescribeRouteTables", {"Filters": OF_THE_VPC}, "output.RouteTables[0].RouteTableId"),
    (
        "gateway",
        "DescribeInternetGateways",
        {"Filters": [{"Name": "attachment.vpc-id", "Values": ["$vpc"]}]},
        "output.InternetGateways[0].InternetGatewayId",
    ),
    ("own_vpc", "CreateVpc", {"CidrBlock": "10.1.0.0/16"}, "output.Vpc.VpcId"),
    ("own_subnet", "CreateSubnet", {"VpcId": "$own_vpc", "CidrBlock": "10.1.1.0/24"}, "output.Subnet.SubnetId"),
    ("own_table", "CreateRouteTable", {"VpcId": "$own_vpc"}, "output.RouteTable.RouteTableId"),
    ("own_gateway", "CreateInternetGateway", {}, "output.InternetGateway.InternetGatewayId"),
    (
        "attached",
        "AttachInternetGateway",
        {"InternetGatewayId": "$own_gateway", "VpcId": "$own_vpc"},
        "input.InternetGatewayId",
    ),
    (
        "route",
        "CreateRoute",
        {"RouteTableId": "$own_table", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "$attached"},
        "input.DestinationCidrBlock",
    ),
    (
        "table_association",
        "AssociateRouteTable",
        {"RouteTableId": "$own_table", "SubnetId": "$own_subnet"},
        "output.AssociationId",
    ),
    (
        "own_block",
        "AssociateVpcCidrBlock",
        {"VpcId": "$own_vpc", "CidrBlock": "10.2.0.0/16"},
        "output.CidrBlockAssociation.AssociationId",
    ),
    (
        "own_options",
        "CreateDhcpOptions",
        {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["example.com"]}]},
        "output.DhcpOptions.DhcpOptionsId",
    ),
    ("own_acl", "CreateNetworkAcl", {"VpcId": "$own_vpc"}, "output.NetworkAcl.NetworkAclId"),
    (
        "own_acl_entry",
        "CreateNetworkAclEntry",
        {"NetworkAclId": "$own_acl", "RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": True}
        | {"CidrBlock": "0.0.0.0/0"},
        "input.NetworkAclId",
    ),
    (
        "acl_association",
        "DescribeNetworkAcls",
        {"Filters": [{"Name": "association.subnet-id", "Values": ["$own_subnet"]}]},
        "output.NetworkAcls[0].Associations[0].NetworkAclAssociationId",
    ),
    ("elastic", "AllocateAddress", {"Domain": "vpc"}, "output.AllocationId"),
    (
        "elastic_association",
        "AssociateAddress",
        {"AllocationId": "$elastic", "InstanceId": "$instance"},
        "output.AssociationId",
    ),
    (
        "own_interface",
        "CreateNetworkInterface",
        {"SubnetId": "$zoned_subnet", "Description": "own"},
        "output.NetworkInterface.NetworkInterfaceId",
    ),
    (
        "zoned_subnet",
        "DescribeInstances",
        {"InstanceIds": ["$instance"]},
        "output.Reservations[0].Instances[0].SubnetId",
    ),
    (
        "attachment",
        "AttachNetworkInterface",
        {"NetworkInterfaceId": "$own_interface", "InstanceId": "$instance", "DeviceIndex": 1},
        "output.AttachmentId",
    ),
    (
        "own_group",
        "CreateSecurityGroup",
        {"GroupName": "$new", "Description": "x", "VpcId": "$own_vpc"},
        "output.GroupId",
    ),
    (
        "other_group",
        "CreateSecurityGroup",
        {"GroupName": "$new", "Description": "x", "VpcId": "$own_vpc"},
        "output.GroupId",
    ),
    (
        "other_subnet",
        "CreateSubnet",
        {"VpcId": "$own_vpc", "CidrBlock": "10.1.3.0/24", "AvailabilityZone": "us-east-1b"},
        "output.Subnet.SubnetId",
    ),
    ("other_table", "CreateRouteTable", {"VpcId": "$own_vpc"}, "output.RouteTable.RouteTableId"),
    (
        "endpoint",
        "CreateVpcEndpoint",
        {"VpcId": "$own_vpc", "ServiceName": S3, "RouteTableIds": ["$own_table"], "PolicyDocument": GET},
        "output.VpcEndpoint.VpcEndpointId",
    ),
    (
        "interface_endpoint",
        "CreateVpcEndpoint",
        {
            "VpcId": "$own_vpc",
            "ServiceName": "com.amazonaws.us-east-1.lambda",
            "VpcEndpointType": "Interface",
            "SubnetIds": ["$own_subnet"],
            "SecurityGroupIds": ["$own_group"],
            "PrivateDnsEnabled": False,
        },
        "output.VpcEndpoint.VpcEndpointId",
    ),
    ("prefix_list", "DescribePrefixLists", {}, "output.PrefixLists[0].PrefixListId"),
    ("nat", "CreateNatGateway", {"SubnetId": "$subnet", "AllocationId": "$elastic"}, "output.NatGateway.NatGatewayId"),
    (
        "template",
        "CreateLaunchTemplate",
        {"LaunchTemplateName": "$new", "LaunchTemplateData": {"ImageId": IMAGE, "InstanceType": "t3.micro"}},
        "output.LaunchTemplate.LaunchTemplateId",
    ),
    (
        "second",
        "CreateLaunchTemplateVersion",
        {"LaunchTemplateId": "$template", "LaunchTemplateData": {"ImageId": IMAGE}},
        "to_string(output.LaunchTemplateVersion.VersionNumber)",
    ),
    (
        "interface",
        "DescribeInstances",
        {"InstanceIds": ["$instance"]},
        "output.Reservations[0].Instances[0].NetworkInterfaces[0].NetworkInterfaceId",
    ),
):
    FIXTURES[_name] = {"call": f"ec2.{_call}", "input": _input, "is": _is}

# It is `pending` at first.
FIXTURES["interface_endpoint"]["until"] = [
    {
        "call": "ec2.DescribeVpcEndpoints",
        "input": {"VpcEndpointIds": ["$it"]},
        "sees": "VpcEndpoints[0].State",
        "value": "available",
    }
]
FIXTURES["profile"] = {
    "call": "iam.CreateInstanceProfile",
    "input": {"InstanceProfileName": "$new"},
    "is": "input.InstanceProfileName",
}
FIXTURES["association"] = {
    "call": "ec2.AssociateIamInstanceProfile",
    "input": {"InstanceId": "$instance", "IamInstanceProfile": {"Name": "$profile"}},
    "is": "output.IamInstanceProfileAssociation.AssociationId",
}

ROOT = "output.Reservations[0].Instances[0].BlockDeviceMappings[0].Ebs.VolumeId"
for _name, _call, _input, _is in (
    ("volume", "CreateVolume", {"AvailabilityZone": "us-east-1a", "Size": 8}, "output.VolumeId"),
    ("root", "DescribeInstances", {"InstanceIds": ["$stopped"]}, ROOT),
    ("modified", "ModifyVolume", {"VolumeId": "$volume", "Size": 9}, "input.VolumeId"),
    ("snapshot", "CreateSnapshot", {"VolumeId": "$volume", "Description": "of a test"}, "output.SnapshotId"),
    (
        "image",
        "RegisterImage",
        {"Name": "$new", **DISK},
        "output.ImageId",
    ),
):
    FIXTURES[_name] = {"call": f"ec2.{_call}", "input": _input, "is": _is}

for _name in ("instance", "template", "volume"):
    FIXTURES[f"new_{_name}"] = {**FIXTURES[_name], "fresh": True}

# What shows whether a refused call has changed something.
READS = [
    {"call": "ec2.DescribeInstances", "input": {"InstanceIds": ["$instance"]}},
    # Every instance without its state, which changes by itself.
    {"call": "ec2.DescribeInstanceCreditSpecifications"},
    {"call": "ec2.DescribeTags"},
    {"call": "ec2.DescribeSecurityGroups"},
    {"call": "ec2.DescribeVpcs"},
    {"call": "ec2.DescribeSubnets"},
    {"call": "ec2.DescribeRouteTables"},
    {"call": "ec2.DescribeNetworkAcls"},
    {"call": "ec2.DescribeNetworkAcls", "input": {"NetworkAclIds": ["$own_acl"]}},
    {"call": "ec2.DescribeDhcpOptions"},
    {"call": "ec2.DescribeInternetGateways"},
    {"call": "ec2.DescribeAddresses"},
    {"call": "ec2.DescribeVpcEndpoints", "input": {"VpcEndpointIds": ["$endpoint"]}},
    {"call": "ec2.DescribeVpcEndpoints", "input": {"VpcEndpointIds": ["$interface_endpoint"]}},
    {"call": "ec2.DescribeLaunchTemplateVersions", "input": {"Versions": ["$Latest", "$Default"]}},
    {"call": "ec2.DescribeLaunchTemplateVersions", "input": {"LaunchTemplateName": "$name"}},
    {"call": "ec2.DescribeImages", "input": {"Filters": [{"Name": "name", "Values": ["$name"]}]}},
    {"call": "ec2.DescribeKeyPairs"},
    {"call": "ec2.DescribeVolumes"},
    {"call": "ec2.DescribeSnapshots"},
    {"call": "ec2.DescribeSnapshots", "input": {"Filters": [{"Name": "description", "Values": ["$name"]}]}},
    {"call": "ec2.DescribePlacementGroups"},
    {"call": "ec2.DescribeImages"},
    {"call": "ec2.DescribeIamInstanceProfileAssociations"},
    *(
        {"call": "ec2.DescribeInstanceAttribute", "input": {"InstanceId": "$instance", "Attribute": attribute}}
        for attribute in ("disableApiStop", "disableApiTermination", "instanceInitiatedShutdownBehavior", "userData")
    ),
]

OF_THE_TAG = [{"Name": "tag:a", "Values": ["b"]}]

ROWS = {
    "AllocateAddress": {
        "input": {
            "Domain": "vpc",
            "TagSpecifications": [{"ResourceType": "elastic-ip", "Tags": [{"Key": "a", "Value": "b"}]}],
        },
        "answer": {"AllocationId": ..., "PublicIp": ..., "Domain": "vpc", "NetworkBorderGroup": "us-east-1"},
    },
    "AssociateAddress": [
        {"input": {"AllocationId": "$elastic", "InstanceId": "$instance"}, "answer": {"AssociationId": ...}},
        {"input": {"AllocationId": "$elastic", "NetworkInterfaceId": "$own_interface"}},
    ],
    "AssociateRouteTable": {
        "input": {"RouteTableId": "$own_table", "SubnetId": "$own_subnet"},
        "answer": {"AssociationId": ..., "AssociationState.State": "associated"},
    },
    "AttachInternetGateway": {"input": {"InternetGatewayId": "$own_gateway", "VpcId": "$own_vpc"}},
    "AttachNetworkInterface": {
        "input": {"NetworkInterfaceId": "$own_interface", "InstanceId": "$instance", "DeviceIndex": 1},
        "answer": {"AttachmentId": ...},
    },
    "CreateInternetGateway": {
        "input": {},
        "answer": {"InternetGateway.InternetGatewayId": ..., "InternetGateway.Tags": []},
    },
    "CreateLaunchTemplate": {
        "input": {"LaunchTemplateName": "$name", "VersionDescription": "first", "LaunchTemplateData": TEMPLATE},
        "answer": {"LaunchTemplate.LaunchTemplateId": ..., "LaunchTemplate.LatestVersionNumber": 1},
    },
    "CreateLaunchTemplateVersion": {
        "input": {
            "LaunchTemplateId": "$template",
            "SourceVersion": "1",
            "LaunchTemplateData": {"InstanceType": "t3.small"},
        },
        "answer": {
            "LaunchTemplateVersion.VersionNumber": 2,
            "LaunchTemplateVersion.LaunchTemplateData.ImageId": IMAGE,
            "LaunchTemplateVersion.LaunchTemplateData.InstanceType": "t3.small",
        },
    },
    "CreateNatGateway": {
        "input": {"SubnetId": "$subnet", "AllocationId": "$elastic"},
        "answer": {"NatGateway.State": "pending", "NatGateway.NatGatewayAddresses[0].AllocationId": "$elastic"},
    },
    "CreateNetworkInterface": {
        "input": {"SubnetId": "$subnet", "Description": "own", "Groups": ["$group"]},
        "answer": {"NetworkInterface.Status": "available", "NetworkInterface.Groups[0].GroupId": "$group"},
    },
    "CreateRoute": {
        "input": {"RouteTableId": "$own_table", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "$attached"},
        "answer": {"Return": True},
    },
    "CreateDhcpOptions": {
        "input": {
            "DhcpConfigurations": [
                {"Key": "domain-name-servers", "Values": ["10.1.0.2", "10.1.0.3"]},
                {"Key": "ntp-servers", "Values": ["10.1.0.4"]},
            ],
        },
        "answer": {"DhcpOptions.DhcpConfigurations[0].Values[1].Value": "10.1.0.3", "DhcpOptions.OwnerId": "$account"},
    },
    "CreateNetworkAcl": {
        "input": {"VpcId": "$own_vpc"},
        "answer": {"NetworkAcl.VpcId": "$own_vpc", "NetworkAcl.IsDefault": False, "NetworkAcl.Tags": []},
    },
    "CreateNetworkAclEntry": {
        "input": {
            "NetworkAclId": "$own_acl",
            "RuleNumber": 110,
            "Protocol": "6",
            "RuleAction": "deny",
            "Egress": False,
            "CidrBlock": "10.0.0.0/8",
            "PortRange": {"From": 22, "To": 23},
        },
    },
    "CreateRouteTable": {
        "input": {"VpcId": "$own_vpc"},
        "answer": {
            "RouteTable.VpcId": "$own_vpc",
            "RouteTable.Routes[0].GatewayId": "local",
            "RouteTable.PropagatingVgws": [],
            "RouteTable.Tags": [],
        },
    },
    "CreateSubnet": {
        "input": {"VpcId": "$own_vpc", "CidrBlock": "10.1.2.0/24", "AvailabilityZone": "us-east-1b"},
        "answer": {"Subnet.VpcId": "$own_vpc", "Subnet.AvailableIpAddressCount": 251, "Subnet.DefaultForAz": False},
    },
    "CreateVpc": {
        "input": {
            "CidrBlock": "10.2.0.0/16",
            "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}],
        },
        "answer": {
            "Vpc.VpcId": ...,
            "Vpc.IsDefault": False,
            "Vpc.Ipv6CidrBlockAssociationSet": [],
            "Vpc.Tags[0].Value": "b",
        },
    },
    "DeleteInternetGateway": {"input": {"InternetGatewayId": "$own_gateway"}},
    "DeleteLaunchTemplate": {
        "input": {"LaunchTemplateId": "$template"},
        "answer": {"LaunchTemplate.LaunchTemplateId": "$template"},
    },
    "DeleteLaunchTemplateVersions": {
        "input": {"LaunchTemplateId": "$template", "Versions": ["$second"]},
        "answer": {"SuccessfullyDeletedLaunchTemplateVersions[0].VersionNumber": 2},
        "free": ["Versions"],
    },
    "DeleteNatGateway": {"input": {"NatGatewayId": "$nat"}, "answer": {"NatGatewayId": "$nat"}},
    "DeleteNetworkInterface": {"input": {"NetworkInterfaceId": "$own_interface"}},
    "AssociateVpcCidrBlock": {
        "input": {"VpcId": "$own_vpc", "CidrBlock": "10.3.0.0/16"},
        "answer": {"VpcId": "$own_vpc", "CidrBlockAssociation.CidrBlock": "10.3.0.0/16"},
    },
    "DisassociateVpcCidrBlock": {
        "input": {"AssociationId": "$own_block"},
        "answer": {"CidrBlockAssociation.CidrBlock": "10.2.0.0/16"},
    },
    "AssociateDhcpOptions": {"input": {"DhcpOptionsId": "$own_options", "VpcId": "$own_vpc"}},
    "DeleteDhcpOptions": {"input": {"DhcpOptionsId": "$own_options"}},
    "DeleteNetworkAcl": {"input": {"NetworkAclId": "$own_acl"}},
    "DeleteNetworkAclEntry": {"input": {"NetworkAclId": "$own_acl_entry", "RuleNumber": 100, "Egress": True}},
    "DeleteRoute": {"input": {"RouteTableId": "$own_table", "DestinationCidrBlock": "$route"}},
    "DeleteRouteTable": {"input": {"RouteTableId": "$own_table"}},
    "DeleteSubnet": {"input": {"SubnetId": "$own_subnet"}},
    "DeleteVpc": {"input": {"VpcId": "$own_vpc"}},
    "DescribeAddresses": {
        "input": {"AllocationIds": ["$elastic"], "Filters": [{"Name": "allocation-id", "Values": ["$elastic"]}]},
        "answer": {"Addresses[0].AllocationId": "$elastic", "Addresses[0].Domain": "vpc"},
    },
    "DescribeAddressesAttribute": {"input": {"AllocationIds": ["$elastic"]}, "answer": {"Addresses": ...}},
    "DescribeLaunchTemplateVersions": [
        {
            "input": {"LaunchTemplateId": "$template", "Versions": ["$Latest"]},
            "answer": {
                "LaunchTemplateVersions[0].VersionNumber": 1,
                "LaunchTemplateVersions[0].LaunchTemplateData.ImageId": IMAGE,
            },
        },
        {
            "input": {"LaunchTemplateId": "$template", "Versions": ["$second"]},
            "answer": {"LaunchTemplateVersions[].VersionNumber": [2]},
        },
    ],
    "DescribeLaunchTemplates": {
        "input": {"LaunchTemplateIds": ["$template"]},
        "answer": {"LaunchTemplates[0].LaunchTemplateId": "$template", "LaunchTemplates[0].CreatedBy": ...},
    },
    "DescribeNatGateways": {
        "input": {"NatGatewayIds": ["$nat"], "Filter": [{"Name": "nat-gateway-id", "Values": ["$nat"]}]},
        "answer": {"NatGateways[0].NatGatewayId": "$nat", "NatGateways[0].ConnectivityType": "public"},
    },
    "DescribeDhcpOptions": {
        "input": {"Filters": [{"Name": "value", "Values": ["ec2.internal"]}]},
        "answer": {
            "DhcpOptions[0].OwnerId": "$account",
            "DhcpOptions[0].DhcpConfigurations[0].Values[0].Value": "ec2.internal",
        },
    },
    "CreatePlacementGroup": [
        {
            "input": {"GroupName": "$new", "Strategy": "spread"},
            "answer": {
                "PlacementGroup.State": "available",
                "PlacementGroup.Strategy": "spread",
                "PlacementGroup.SpreadLevel": "rack",
                "PlacementGroup.GroupId": ...,
                "PlacementGroup.GroupArn": ...,
            },
        },
        {
            "input": {"GroupName": "$new", "Strategy": "partition", "PartitionCount": 3},
            "answer": {"PlacementGroup.Strategy": "partition", "PlacementGroup.PartitionCount": 3},
        },
        {"input": {"GroupName": "$new"}, "answer": {"PlacementGroup.Strategy": "cluster"}},
    ],
    "DeletePlacementGroup": {"input": {"GroupName": "$placement"}},
    "DescribePlacementGroups": [
        {"input": {}, "answer": {"PlacementGroups": ...}},
        {
            "input": {
                "GroupNames": ["$placement"],
                "Filters": [{"Name": "strategy", "Values": ["spread"]}, {"Name": "state", "Values": ["available"]}],
            },
            "answer": {"PlacementGroups[0].GroupName": "$placement", "PlacementGroups[0].Strategy": "spread"},
        },
    ],
    "ModifyInstancePlacement": {
        "input": {"InstanceId": "$stopped", "GroupName": "$placement"},
        "answer": {"Return": True},
    },
    "CreateVpcEndpoint": [
        {
            "input": {
                "VpcId": "$own_vpc",
                "ServiceName": S3,
                "RouteTableIds": ["$own_table"],
                "PolicyDocument": GET,
                "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "a", "Value": "b"}]}],
            },
            "answer": {
                "VpcEndpoint.State": "available",
                "VpcEndpoint.VpcEndpointType": "Gateway",
                "VpcEndpoint.RouteTableIds[0]": "$own_table",
                "VpcEndpoint.PolicyDocument": GET,
                "VpcEndpoint.Tags[0].Value": "b",
            },
        },
        {
            "input": {
                "VpcId": "$own_vpc",
                "ServiceName": "com.amazonaws.us-east-1.execute-api",
                "VpcEndpointType": "Interface",
                "SubnetIds": ["$own_subnet"],
                "SecurityGroupIds": ["$own_group"],
                "PrivateDnsEnabled": False,
            },
            "answer": {
                "VpcEndpoint.State": "pending",
                "VpcEndpoint.SubnetIds[0]": "$own_subnet",
                "VpcEndpoint.Groups[0].GroupId": "$own_group",
                "VpcEndpoint.PrivateDnsEnabled": False,
                "VpcEndpoint.NetworkInterfaceIds[0]": ...,
                "VpcEndpoint.DnsEntries[0].DnsName": ...,
            },
        },
    ],
    # Who asks for one that is not there is told so within the answer.
    "DeleteVpcEndpoints": {
        "input": {"VpcEndpointIds": ["$endpoint"]},
        "answer": {"Unsuccessful": []},
        "free": ["VpcEndpointIds"],
    },
    "DescribePrefixLists": {
        "input": {"PrefixListIds": ["$prefix_list"]},
        "answer": {"PrefixLists[0].PrefixListId": "$prefix_list", "PrefixLists[0].Cidrs[0]": ...},
    },
    "DescribeVpcEndpointServices": {
        "input": {"ServiceNames": [S3], "Filters": [{"Name": "service-type", "Values": ["Gateway"]}]},
        "answer": {
            "ServiceNames": [S3],
            "ServiceDetails[0].ServiceType[0].ServiceType": "Gateway",
            "ServiceDetails[0].Owner": "amazon",
            "ServiceDetails[0].AcceptanceRequired": False,
        },
    },
    "DescribeVpcEndpoints": {
        "input": {
            "VpcEndpointIds": ["$endpoint"],
            "Filters": [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}],
        },
        "answer": {"VpcEndpoints[0].VpcEndpointId": "$endpoint", "VpcEndpoints[0].ServiceName": S3},
    },
    "ModifyVpcEndpoint": [
        {
            "input": {"VpcEndpointId": "$endpoint", "PolicyDocument": GET.replace("Get", "Put")},
            "answer": {"Return": True},
        },
        {"input": {"VpcEndpointId": "$endpoint", "AddRouteTableIds": ["$other_table"]}},
        {"input": {"VpcEndpointId": "$endpoint", "RemoveRouteTableIds": ["$own_table"]}},
        {"input": {"VpcEndpointId": "$interface_endpoint", "AddSubnetIds": ["$other_subnet"]}},
        {"input": {"VpcEndpointId": "$interface_endpoint", "RemoveSubnetIds": ["$own_subnet"]}},
        {"input": {"VpcEndpointId": "$interface_endpoint", "AddSecurityGroupIds": ["$other_group"]}},
        {"input": {"VpcEndpointId": "$interface_endpoint", "RemoveSecurityGroupIds": ["$own_group"]}},
    ],
    "DescribeNetworkAcls": {
        "input": {"Filters": [{"Name": "vpc-id", "Values": ["$vpc"]}]},
        "answer": {"NetworkAcls[0].VpcId": "$vpc", "NetworkAcls[0].Entries[0].RuleNumber": 100},
    },
    "DescribeNetworkInterfaceAttribute": [
        {
            "input": {"NetworkInterfaceId": "$own_interface", "Attribute": "description"},
            "answer": {"Description.Value": "own"},
        },
        {
            "input": {"NetworkInterfaceId": "$interface", "Attribute": "attachment"},
            "answer": {"Attachment.DeviceIndex": 0},
        },
        {
            "input": {"NetworkInterfaceId": "$interface", "Attribute": "groupSet"},
            "answer": {"Groups[0].GroupName": "default"},
        },
    ],
    "DetachInternetGateway": {"input": {"InternetGatewayId": "$attached", "VpcId": "$own_vpc"}},
    "DetachNetworkInterface": {"input": {"AttachmentId": "$attachment"}},
    "DisassociateAddress": {"input": {"AssociationId": "$elastic_association"}},
    "DisassociateRouteTable": {"input": {"AssociationId": "$table_association"}},
    "ModifyImageAttribute": [
        {"input": {"ImageId": "$image", **change}}
        for change in (
            {"Description": {"Value": "other"}},
            {"Attribute": "description", "Value": "other"},
            {"LaunchPermission": {"Add": [{"UserId": "123456789012"}], "Remove": [{"Group": "all"}]}},
            {"Attribute": "launchPermission", "OperationType": "add", "UserIds": ["123456789012"]},
            {"Attribute": "launchPermission", "OperationType": "remove", "UserGroups": ["all"]},
        )
    ],
    "ResetImageAttribute": {"input": {"ImageId": "$image", "Attribute": "launchPermission"}},
    "DescribeSnapshotAttribute": [
        {"input": {"SnapshotId": "$snapshot", "Attribute": attribute}, "answer": {"SnapshotId": "$snapshot"}}
        for attribute in ("createVolumePermission", "productCodes")
    ],
    "ModifySnapshotAttribute": [
        {"input": {"SnapshotId": "$snapshot", **change}}
        for change in (
            {"CreateVolumePermission": {"Add": [{"UserId": "123456789012"}], "Remove": [{"Group": "all"}]}},
            {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": ["123456789012"]},
            {"Attribute": "createVolumePermission", "OperationType": "add", "GroupNames": ["all"]},
        )
    ],
    "ResetSnapshotAttribute": {"input": {"SnapshotId": "$snapshot", "Attribute": "createVolumePermission"}},
    "ModifyLaunchTemplate": [
        {
            "input": {"LaunchTemplateId": "$template", "DefaultVersion": version},
            "answer": {"LaunchTemplate.DefaultVersionNumber": number},
        }
        for version, number in (("1", 1), ("$second", 2))
    ],
    "ModifyNetworkInterfaceAttribute": [
        {"input": {"NetworkInterfaceId": "$own_interface", "Description": {"Value": "other"}}},
        {"input": {"NetworkInterfaceId": "$interface", "SourceDestCheck": {"Value": False}}},
    ],
    "ModifySubnetAttribute": {"input": {"SubnetId": "$own_subnet", "MapPublicIpOnLaunch": {"Value": True}}},
    "ModifyVpcAttribute": {"input": {"VpcId": "$own_vpc", "EnableDnsHostnames": {"Value": True}}},
    "ReleaseAddress": {"input": {"AllocationId": "$elastic"}},
    "UpdateSecurityGroupRuleDescriptionsEgress": {
        "input": {"GroupId": "$group", "IpPermissions": OUT},
        "answer": {"Return": True},
    },
    "UpdateSecurityGroupRuleDescriptionsIngress": {
        "input": {
            "GroupId": "$group",
            "SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": "$rule", "Description": "other"}],
        },
        "answer": {"Return": True},
    },
    "ReplaceRoute": {
        "input": {"RouteTableId": "$own_table", "DestinationCidrBlock": "$route", "GatewayId": "$attached"},
    },
    "ReplaceNetworkAclAssociation": {
        "input": {"AssociationId": "$acl_association", "NetworkAclId": "$own_acl"},
        "answer": {"NewAssociationId": ...},
    },
    "ReplaceNetworkAclEntry": {
        "input": {
            "NetworkAclId": "$own_acl_entry",
            "RuleNumber": 100,
            "Protocol": "1",
            "RuleAction": "deny",
            "Egress": True,
            "Ipv6CidrBlock": "::/0",
            "IcmpTypeCode": {"Type": -1, "Code": -1},
        },
    },
    "ReplaceRouteTableAssociation": {
        "input": {"AssociationId": "$table_association", "RouteTableId": "$own_table"},
        "answer": {"NewAssociationId": ..., "AssociationState.State": "associated"},
    },
    "AuthorizeSecurityGroupEgress": {
        "input": {"GroupId": "$group", "IpPermissions": SSH},
        "answer": {"SecurityGroupRules[0].IsEgress": True, "SecurityGroupRules[0].CidrIpv4": "10.0.0.0/8"},
    },
    "AuthorizeSecurityGroupIngress": [
        {
            "input": {"GroupId": "$group", "IpPermissions": SSH},
            "answer": {"SecurityGroupRules[0].FromPort": 22, "SecurityGroupRules[0].GroupOwnerId": "$account"},
        },
        {"input": {"GroupId": "$group", "IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIp": "1.2.3.4/32"}},
        {
            "input": {
                "GroupId": "$group",
                "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "$group"}]}],
            },
            "answer": {"SecurityGroupRules[0].ReferencedGroupInfo.GroupId": "$group"},
        },
    ],
    "CreateKeyPair": [
        {
            "input": {"KeyName": "$new", "KeyType": "ed25519"},
            "answer": {"KeyPairId": ..., "KeyFingerprint": ..., "KeyMaterial": ...},
        },
        {"input": {"KeyName": "$new"}, "answer": {"KeyMaterial": ...}},
    ],
    "CreateSecurityGroup": {
        "input": {"GroupName": "$new", "Description": "of a test", "VpcId": "$vpc"},
        "answer": {"GroupId": ..., "SecurityGroupArn": ...},
    },
    "CreateTags": {"input": {"Resources": ["$instance"], "Tags": [{"Key": "c", "Value": "d"}]}},
    "DeleteKeyPair": {"input": {"KeyName": "$key"}, "answer": {"KeyPairId": ...}, "free": ["KeyName"]},
    "DeleteSecurityGroup": {"input": {"GroupId": "$group"}, "answer": {"GroupId": "$group"}},
    "DeleteTags": {"input": {"Resources": ["$instance"], "Tags": [{"Key": "a"}]}},
    "DescribeAccountAttributes": {
        "input": {"AttributeNames": ["default-vpc"]},
        "answer": {"AccountAttributes[0].AttributeValues[0].AttributeValue": "$vpc"},
    },
    "DescribeAvailabilityZones": {
        "input": {"ZoneNames": ["us-east-1a"], "Filters": [{"Name": "state", "Values": ["available"]}]},
        "answer": {"AvailabilityZones[0].ZoneId": "use1-az1", "AvailabilityZones[0].RegionName": "us-east-1"},
    },
    "DescribeImages": {
        "input": {"ImageIds": [IMAGE], "Filters": [{"Name": "architecture", "Values": ["x86_64"]}]},
        "answer": {"Images[0].ImageId": IMAGE, "Images[0].Architecture": "x86_64"},
    },
    "DescribeInstanceAttribute": [
        {"input": {"InstanceId": "$instance", "Attribute": attribute}, "answer": {"InstanceId": "$instance", **seen}}
        for attribute, seen in (
            ("instanceType", {"InstanceType.Value": "t2.micro"}),
            ("disableApiStop", {"DisableApiStop.Value": False}),
            ("disableApiTermination", {"DisableApiTermination.Value": False}),
            ("ebsOptimized", {"EbsOptimized.Value": False}),
            ("instanceInitiatedShutdownBehavior", {"InstanceInitiatedShutdownBehavior.Value": "stop"}),
            ("sourceDestCheck", {"SourceDestCheck.Value": True}),
            ("userData", {"UserData": ...}),
            ("groupSet", {"Groups[0].GroupName": "default"}),
            ("blockDeviceMapping", {"BlockDeviceMappings[0].DeviceName": "/dev/xvda"}),
            ("enaSupport", {"EnaSupport.Value": True}),
            ("enclaveOptions", {"EnclaveOptions.Enabled": False}),
            ("kernel", {"KernelId": ...}),
            ("productCodes", {"ProductCodes": ...}),
            ("ramdisk", {"RamdiskId": ...}),
            ("rootDeviceName", {"RootDeviceName.Value": "/dev/xvda"}),
            ("sriovNetSupport", {"SriovNetSupport": ...}),
        )
    ],
    "DescribeInstanceCreditSpecifications": {
        "input": {"InstanceIds": ["$instance"]},
        "answer": {"InstanceCreditSpecifications[0].CpuCredits": "standard"},
    },
    "DescribeInstanceStatus": [
        {
            "input": {"InstanceIds": ["$instance"], "IncludeAllInstances": True},
            "answer": {"InstanceStatuses[0].InstanceState.Name": "running", "InstanceStatuses[0].SystemStatus": ...},
        },
        {"input": {"InstanceIds": ["$stopped"], "IncludeAllInstances": True}},
    ],
    "DescribeInstanceTypeOfferings": [
        {
            "input": {"LocationType": "availability-zone", "Filters": [{"Name": "instance-type", "Values": ["t2.micro"]}]},
            "answer": {"InstanceTypeOfferings[0].Location": "us-east-1a"},
        },
        {"input": {}, "answer": {"InstanceTypeOfferings[0].LocationType": "region"}},
    ],
    "DescribeInstanceTypes": [
        {
            "input": {"InstanceTypes": ["t2.micro"], "Filters": [{"Name": "instance-type", "Values": ["t2.*"]}]},
            "answer": {
                "InstanceTypes[0].VCpuInfo.DefaultVCpus": 1,
                "InstanceTypes[0].MemoryInfo.SizeInMiB": 1024,
                "InstanceTypes[0].ProcessorInfo.SupportedArchitectures": ["i386", "x86_64"],
                "InstanceTypes[0].ProcessorInfo.Manufacturer": "Intel",
                "InstanceTypes[0].SupportedBootModes": ["legacy-bios"],
            },
        },
        {"input": {}, "answer": {"InstanceTypes": ...}},
    ],
    "DescribeInstances": [
        {
            "input": {"InstanceIds": ["$instance"], "Filters": OF_THE_TAG},
            "answer": {"Reservations[0].Instances[0].InstanceId": "$instance", "Reservations[0].OwnerId": "$account"},
        },
        {"input": {"InstanceIds": ["$stopped"]}, "answer": {"Reservations[0].Instances[0].StateReason": ...}},
        {"input": {"MaxResults": 5}},
    ],
    "DescribeInternetGateways": {
        "input": {"InternetGatewayIds": ["$gateway"]},
        "answer": {"InternetGateways[0].Attachments[0].VpcId": "$vpc"},
    },
    "DescribeKeyPairs": [
        {
            "input": {"KeyNames": ["$key"], "IncludePublicKey": True},
            "answer": {
                "KeyPairs[0].KeyType": "ed25519",
                "KeyPairs[0].PublicKey": ...,
                "KeyPairs[0].CreateTime": ...,
                "KeyPairs[0].Tags": [],
            },
        },
        {"input": {}, "answer": {"KeyPairs": ...}},
    ],
    "DescribeNetworkInterfaces": {
        "input": {"NetworkInterfaceIds": ["$interface"]},
        "answer": {
            "NetworkInterfaces[0].Attachment.InstanceId": "$instance",
            "NetworkInterfaces[0].Association.PublicIp": ...,
            "NetworkInterfaces[0].PrivateIpAddresses[0].Primary": True,
            "NetworkInterfaces[0].OwnerId": "$account",
            "NetworkInterfaces[0].TagSet": [],
        },
    },
    "DescribeRegions": {
        "input": {"RegionNames": ["us-east-1"], "Filters": [{"Name": "region-name", "Values": ["us-*"]}]},
        "answer": {"Regions[0].RegionName": "us-east-1", "Regions[0].Endpoint": ...},
    },
    "DescribeRouteTables": {
        "input": {"RouteTableIds": ["$table"], "Filters": [{"Name": "association.main", "Values": ["true"]}]},
        "answer": {"RouteTables[0].Routes[1].GatewayId": "$gateway", "RouteTables[0].VpcId": "$vpc"},
    },
    "DescribeSecurityGroupRules": [
        {
            "input": {"SecurityGroupRuleIds": ["$rule"]},
            "answer": {
                "SecurityGroupRules[0].GroupId": "$group",
                "SecurityGroupRules[0].IsEgress": False,
                "SecurityGroupRules[0].Tags": [],
            },
        },
        {"input": {"Filters": [{"Name": "group-id", "Values": ["$group"]}]}, "answer": {"SecurityGroupRules": ...}},
    ],
    "DescribeSecurityGroups": [
        {
            "input": {"GroupIds": ["$group"], "Filters": [{"Name": "vpc-id", "Values": ["$vpc"]}]},
            "answer": {
                "SecurityGroups[0].Description": "of a test",
                "SecurityGroups[0].IpPermissionsEgress[0].IpRanges[0].CidrIp": "0.0.0.0/0",
            },
        },
        {"input": {"GroupNames": ["default"]}, "answer": {"SecurityGroups[0].IpPermissions[0].UserIdGroupPairs": ...}},
    ],
    "DescribeSubnets": {
        "input": {"SubnetIds": ["$subnet"], "Filters": [{"Name": "default-for-az", "Values": ["true"]}]},
        "answer": {"Subnets[0].VpcId": "$vpc", "Subnets[0].MapPublicIpOnLaunch": True, "Subnets[0].CidrBlock": ...},
    },
    "DescribeTags": {
        "input": {"Filters": [{"Name": "resource-id", "Values": ["$instance"]}]},
        "answer": {"Tags[0].Key": "a", "Tags[0].ResourceId": "$instance", "Tags[0].ResourceType": "instance"},
    },
    "DescribeVpcAttribute": [
        {"input": {"VpcId": "$vpc", "Attribute": attribute}, "answer": {"VpcId": "$vpc", f"{member}.Value": value}}
        for attribute, member, value in (
            ("enableDnsHostnames", "EnableDnsHostnames", True),
            ("enableDnsSupport", "EnableDnsSupport", True),
            ("enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics", False),
        )
    ],
    "DescribeVpcs": {
        "input": {"VpcIds": ["$vpc"], "Filters": [{"Name": "is-default", "Values": ["true"]}]},
        "answer": {"Vpcs[0].CidrBlock": "172.31.0.0/16", "Vpcs[0].IsDefault": True, "Vpcs[0].OwnerId": "$account"},
    },
    "GetConsoleOutput": {"input": {"InstanceId": "$instance"}, "answer": {"Timestamp": ...}},
    "GetPasswordData": {
        "input": {"InstanceId": "$instance"},
        "answer": {"InstanceId": "$instance", "PasswordData": "", "Timestamp": ...},
    },
    "GetSecurityGroupsForVpc": {
        "input": {"VpcId": "$own_vpc", "Filters": [{"Name": "group-name", "Values": ["default"]}]},
        "answer": {
            "SecurityGroupForVpcs[0].GroupName": "default",
            "SecurityGroupForVpcs[0].PrimaryVpcId": "$own_vpc",
            "SecurityGroupForVpcs[0].OwnerId": "$account",
            "SecurityGroupForVpcs[0].Tags": [],
        },
    },
    "GetEbsEncryptionByDefault": {"input": {}, "answer": {"EbsEncryptionByDefault": False, "SseType": "none"}},
    "ImportKeyPair": {
        "input": {"KeyName": "$new", "PublicKeyMaterial": PUBLIC},
        "answer": {"KeyFingerprint": ..., "KeyPairId": ...},
    },
    "ModifyInstanceAttribute": [
        {"input": {"InstanceId": "$instance", "Groups": ["$group"]}},
        {
            "input": {
                "InstanceId": "$instance",
                "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}],
            },
        },
        {"input": {"InstanceId": "$instance", "DisableApiTermination": {"Value": True}}},
        {"input": {"InstanceId": "$stopped", "InstanceType": {"Value": "t2.small"}}},
        {"input": {"InstanceId": "$instance", "Attribute": "disableApiStop", "Value": "true"}},
    ],
    "ModifyInstanceCreditSpecification": {
        "input": {"InstanceCreditSpecifications": [{"InstanceId": "$instance", "CpuCredits": "unlimited"}]},
        "answer": {"SuccessfulInstanceCreditSpecifications[0].InstanceId": "$instance"},
    },
    "ModifyInstanceMaintenanceOptions": {
        "input": {"InstanceId": "$instance", "AutoRecovery": "disabled"},
        "answer": {"InstanceId": "$instance", "AutoRecovery": "disabled"},
    },
    "ModifyInstanceMetadataOptions": {
        "input": {"InstanceId": "$instance", "HttpTokens": "optional", "HttpPutResponseHopLimit": 3},
        "answer": {"InstanceMetadataOptions.HttpPutResponseHopLimit": 3, "InstanceMetadataOptions.State": "pending"},
    },
    "ModifySecurityGroupRules": {
        "input": {
            "GroupId": "$group",
            "SecurityGroupRules": [
                {
                    "SecurityGroupRuleId": "$rule",
                    "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 9, "CidrIpv6": "::/0"},
                },
            ],
        },
        "answer": {"Return": True},
    },
    "MonitorInstances": {
        "input": {"InstanceIds": ["$instance"]},
        "answer": {"InstanceMonitorings[0].Monitoring.State": "pending"},
    },
    "RebootInstances": {"input": {"InstanceIds": ["$instance"]}},
    "RevokeSecurityGroupEgress": {
        "input": {"GroupId": "$group", "IpPermissions": OUT},
        "answer": {"RevokedSecurityGroupRules[0].IsEgress": True},
    },
    "RevokeSecurityGroupIngress": [
        {"input": {"GroupId": "$group", "SecurityGroupRuleIds": ["$rule"]}, "answer": {"Return": True}},
    ],
    "RunInstances": [
        {
            "input": {
                "ImageId": IMAGE,
                "InstanceType": "t2.micro",
                "MinCount": 1,
                "MaxCount": 1,
                "Placement": {"AvailabilityZone": "us-east-1a"},
                "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
            },
            "answer": {"Instances[0].State.Name": "pending", "Instances[0].Tags[0].Value": "b", "ReservationId": ...},
        },
        {
            "input": {
                "ImageId": IMAGE,
                "InstanceType": "t3.micro",
                "MinCount": 1,
                "MaxCount": 1,
                "KeyName": "$key",
                "UserData": "bHM=",
                "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1},
                "CreditSpecification": {"CpuCredits": "standard"},
            },
            "answer": {
                "Instances[0].KeyName": "$key",
                "Instances[0].CpuOptions.ThreadsPerCore": 1,
                "Instances[0].ClientToken": "",
            },
        },
        {
            "input": {
                "ImageId": IMAGE,
                "InstanceType": "t3.micro",
                "MinCount": 1,
                "MaxCount": 1,
                "Placement": {"GroupName": "$placement"},
            },
            "answer": {"Instances[0].Placement.GroupName": "$placement", "Instances[0].Placement.GroupId": ...},
        },
    ],
    "StartInstances": {
        "input": {"InstanceIds": ["$stopped"]},
        "answer": {"StartingInstances[0].CurrentState.Name": "pending"},
    },
    "StopInstances": {
        "input": {"InstanceIds": ["$instance"]},
        "answer": {"StoppingInstances[0].PreviousState.Name": "running"},
    },
    "TerminateInstances": {
        "input": {"InstanceIds": ["$instance"]},
        "answer": {"TerminatingInstances[0].CurrentState.Name": "shutting-down"},
    },
}

ASSOCIATION = "IamInstanceProfileAssociation"
ROWS |= {
    "AssociateIamInstanceProfile": {
        "input": {"InstanceId": "$instance", "IamInstanceProfile": {"Name": "$profile"}},
        "answer": {f"{ASSOCIATION}.InstanceId": "$instance", f"{ASSOCIATION}.State": "associating"},
    },
    "DescribeIamInstanceProfileAssociations": [
        {
            "input": {"AssociationIds": ["$association"], **more},
            "answer": {f"{ASSOCIATION}s[0].State": "associated", f"{ASSOCIATION}s[0].IamInstanceProfile.Arn": ...},
        }
        for more in ({}, {"Filters": [{"Name": "instance-id", "Values": ["$instance"]}]})
    ],
    "DisassociateIamInstanceProfile": {
        "input": {"AssociationId": "$association"},
        "answer": {f"{ASSOCIATION}.State": "disassociating"},
    },
    "ReplaceIamInstanceProfileAssociation": {
        "input": {"AssociationId": "$association", "IamInstanceProfile": {"Name": "$profile"}},
        "answer": {f"{ASSOCIATION}.State": "associating"},
    },
}
ROWS |= {
    "AttachVolume": {
        "input": {"VolumeId": "$volume", "InstanceId": "$instance", "Device": "/dev/sdf"},
        "answer": {"State": "attaching", "VolumeId": "$volume", "InstanceId": "$instance", "AttachTime": ...},
    },
    "CopyImage": {
        "input": {"Name": "$name", "SourceImageId": "$image", "SourceRegion": "us-east-1"},
        # Any image is there, as for launches.
        "free": ["SourceImageId"],
        "answer": {"ImageId": ...},
    },
    "CopySnapshot": {
        "input": {"SourceSnapshotId": "$snapshot", "SourceRegion": "us-east-1", "Description": "$name"},
        "answer": {"SnapshotId": ...},
    },
    "CreateImage": {"input": {"InstanceId": "$instance", "Name": "$name"}, "answer": {"ImageId": ...}},
    "CreateSnapshot": {
        "input": {"VolumeId": "$volume", "Description": "d"},
        "answer": {"State": "pending", "VolumeId": "$volume", "VolumeSize": 8, "OwnerId": "$account", "Tags": []},
    },
    "CreateSnapshots": {
        "input": {"InstanceSpecification": {"InstanceId": "$instance"}, "Description": "d"},
        "answer": {
            "Snapshots[0].State": "pending",
            "Snapshots[0].VolumeSize": 8,
            "Snapshots[0].Description": "d",
            "Snapshots[0].Tags": [],
        },
    },
    "CreateVolume": {
        "input": {"AvailabilityZone": "us-east-1a", "Size": 8, "VolumeType": "gp3"},
        "answer": {"State": "creating", "Iops": 3000, "Throughput": 125, "Encrypted": False},
    },
    "DeleteSnapshot": {"input": {"SnapshotId": "$snapshot"}},
    "DeleteVolume": {"input": {"VolumeId": "$volume"}},
    "DeregisterImage": {"input": {"ImageId": "$image", "DeleteAssociatedSnapshots": True}, "answer": {"Return": True}},
    "DescribeImageAttribute": [
        {"input": {"ImageId": "$image", "Attribute": attribute}, "answer": {"ImageId": "$image"}}
        for attribute in ("blockDeviceMapping", "description", "launchPermission", "imdsSupport", "productCodes")
    ],
    "DescribeSnapshots": {
        "input": {"SnapshotIds": ["$snapshot"], "OwnerIds": ["self"]},
        "answer": {"Snapshots[0].State": "completed", "Snapshots[0].Progress": "100%"},
    },
    "DescribeVolumeAttribute": [
        {"input": {"VolumeId": "$volume", "Attribute": "autoEnableIO"}, "answer": {"AutoEnableIO.Value": False}},
        {"input": {"VolumeId": "$volume", "Attribute": "productCodes"}, "answer": {"ProductCodes": ...}},
    ],
    "DescribeVolumes": [
        {
            "input": {"VolumeIds": ["$root"]},
            "answer": {"Volumes[0].Attachments[0].InstanceId": "$stopped", "Volumes[0].State": "in-use"},
        },
        {"input": {"VolumeIds": ["$volume"]}, "answer": {"Volumes[0].State": "available"}},
    ],
    "DescribeVolumeStatus": {
        "input": {"VolumeIds": ["$volume"]},
        "answer": {"VolumeStatuses[0].VolumeId": "$volume", "VolumeStatuses[0].VolumeStatus.Status": "ok"},
    },
    "DetachVolume": {"input": {"VolumeId": "$root"}, "answer": {"State": "detaching", "InstanceId": "$stopped"}},
    "DescribeVolumesModifications": {
        "input": {"VolumeIds": ["$modified"]},
        "answer": {"VolumesModifications[0].ModificationState": "completed", "VolumesModifications[0].TargetSize": 9},
    },
    "ModifyVolume": {
        "input": {"VolumeId": "$volume", "Size": 9, "VolumeType": "gp3"},
        "answer": {"VolumeModification.OriginalSize": 8, "VolumeModification.TargetIops": 3000},
    },
    "RegisterImage": [
        {"input": {"Name": "$name", **DISK}, "answer": {"ImageId": ...}},
        {"input": {"Name": "$name", **DISK, "SriovNetSupport": "simple"}, "answer": {"ImageId": ...}},
    ],
}
ROWS["DescribeImages"] = [
    ROWS["DescribeImages"],
    {"input": {"Owners": ["self"], "ImageIds": ["$image"]}, "answer": {"Images[0].Public": False}},
]
ROWS["UnmonitorInstances"] = {
    "input": {"InstanceIds": ["$instance"]},
    "answer": {"InstanceMonitorings[0].Monitoring.State": "disabled"},
}

MAKE = {
    "call": "ec2.RunInstances",
    "input": {
        "ImageId": IMAGE,
        "InstanceType": "t2.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "paged", "Value": "$name"}]}],
    },
    "is": "output.Instances[0].InstanceId",
}
# A terminated instance stays in sight: what is told of it afterwards is right either way.
REMOVE = {"call": "ec2.TerminateInstances", "input": {"InstanceIds": ["$item"]}}
OWN = {"Filters": [{"Name": "tag:paged", "Values": ["$name"]}]}
OF_OWN_VPC = {"Filters": [{"Name": "vpc-id", "Values": ["$own_vpc"]}]}


def pages_of(make, known, remove, items, given=None):
    """A pager of what one call makes and another removes, by a member or by a list; no page is smaller than five."""
    (maker, making), (remover, member, *more) = make, remove
    removing = {member[0]: ["$item"]} if isinstance(member, list) else {member: "$item"}
    return {
        "make": {"call": f"ec2.{maker}", "input": making, "is": known},
        "remove": {"call": f"ec2.{remover}", "input": removing | dict(more)},
        "input": given or {},
        "items": items,
        "size": 5,
        # Two pages.
        "count": 7,
    }


PAGES = {
    "DescribeDhcpOptions": pages_of(
        ("CreateDhcpOptions", {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["$new.example.com"]}]}),
        "output.DhcpOptions.DhcpOptionsId",
        ("DeleteDhcpOptions", "DhcpOptionsId"),
        "DhcpOptions[].DhcpOptionsId",
    ),
    "DescribeVolumeStatus": pages_of(
        ("CreateVolume", {"AvailabilityZone": "us-east-1b", "Size": 1}),
        "output.VolumeId",
        ("DeleteVolume", "VolumeId"),
        "VolumeStatuses[].VolumeId",
    ),
    "DescribePrefixLists": {"items": "PrefixLists[].PrefixListId", "size": 5},
    "DescribeVpcEndpointServices": {"items": "ServiceDetails[].ServiceId", "size": 5, "least": 20},
    "DescribeVpcEndpoints": {
        "make": {
            "call": "ec2.CreateVpcEndpoint",
            "input": {"VpcId": "$own_vpc", "ServiceName": S3},
            "is": "output.VpcEndpoint.VpcEndpointId",
        },
        "remove": {"call": "ec2.DeleteVpcEndpoints", "input": {"VpcEndpointIds": ["$item"]}},
        "items": "VpcEndpoints[].VpcEndpointId",
        "size": 5,
        "count": 12,
    },
    "DescribeSnapshots": {
        "make": {"call": "ec2.CreateSnapshot", "input": {"VolumeId": "$volume"}, "is": "output.SnapshotId"},
        "remove": {"call": "ec2.DeleteSnapshot", "input": {"SnapshotId": "$item"}},
        "items": "Snapshots[].SnapshotId",
        "size": 5,
        "count": 12,
    },
    "DescribeVolumesModifications": pages_of(
        ("ModifyVolume", {"VolumeId": "$new_volume", "Size": 9}),
        "input.VolumeId",
        ("DeleteVolume", "VolumeId"),
        "VolumesModifications[].VolumeId",
    ),
    "DescribeVolumes": {
        "make": {
            "call": "ec2.CreateVolume",
            "input": {"AvailabilityZone": "us-east-1b", "Size": 1},
            "is": "output.VolumeId",
        },
        "remove": {"call": "ec2.DeleteVolume", "input": {"VolumeId": "$item"}},
        "items": "Volumes[].VolumeId",
        "size": 5,
        "count": 12,
    },
    "DescribeIamInstanceProfileAssociations": pages_of(
        ("AssociateIamInstanceProfile", {"InstanceId": "$new_instance", "IamInstanceProfile": {"Name": "$profile"}}),
        "output.IamInstanceProfileAssociation.AssociationId",
        ("DisassociateIamInstanceProfile", "AssociationId"),
        "IamInstanceProfileAssociations[].AssociationId",
    ),
    "DescribeImages": pages_of(
        ("RegisterImage", {"Name": "$new", **DISK}),
        "output.ImageId",
        ("DeregisterImage", "ImageId"),
        "Images[].ImageId",
        {"Owners": ["self"]},
    ),
    "DescribeInstanceCreditSpecifications": {
        "make": MAKE,
        "remove": REMOVE,
        "items": "InstanceCreditSpecifications[].InstanceId",
        "size": 5,
        "count": 12,
    },
    "DescribeInstanceStatus": {
        "make": MAKE,
        "remove": REMOVE,
        "input": {"IncludeAllInstances": True},
        "items": "InstanceStatuses[].InstanceId",
        "size": 5,
        "count": 12,
    },
    "DescribeInstanceTypeOfferings": {"items": "InstanceTypeOfferings[].InstanceType", "size": 5, "least": 6},
    "DescribeInstanceTypes": {"items": "InstanceTypes[].InstanceType", "size": 5, "least": 6},
    "DescribeInstances": {
        "make": MAKE,
        "remove": REMOVE,
        "input": OWN,
        "items": "Reservations[].Instances[].InstanceId",
        "size": 5,
        "count": 12,
    },
    "DescribeInternetGateways": pages_of(
        ("CreateInternetGateway", {}),
        "output.InternetGateway.InternetGatewayId",
        ("DeleteInternetGateway", "InternetGatewayId"),
        "InternetGateways[].InternetGatewayId",
    ),
    "DescribeNetworkInterfaces": pages_of(
        ("CreateNetworkInterface", {"SubnetId": "$own_subnet"}),
        "output.NetworkInterface.NetworkInterfaceId",
        ("DeleteNetworkInterface", "NetworkInterfaceId"),
        "NetworkInterfaces[].NetworkInterfaceId",
        OF_OWN_VPC,
    ),
    "DescribeRouteTables": pages_of(
        ("CreateRouteTable", {"VpcId": "$own_vpc"}),
        "output.RouteTable.RouteTableId",
        ("DeleteRouteTable", "RouteTableId"),
        "RouteTables[].RouteTableId",
        OF_OWN_VPC,
    ),
    "DescribeSecurityGroupRules": pages_of(
        ("AuthorizeSecurityGroupIngress", {"GroupId": "$group", "IpProtocol": "-1", "CidrIp": "10.0.$each.0/24"}),
        "output.SecurityGroupRules[0].SecurityGroupRuleId",
        ("RevokeSecurityGroupIngress", ["SecurityGroupRuleIds"], ("GroupId", "$group")),
        "SecurityGroupRules[].SecurityGroupRuleId",
        {"Filters": [{"Name": "group-id", "Values": ["$group"]}]},
    ),
    "DescribeSecurityGroups": {
        "make": {
            "call": "ec2.CreateSecurityGroup",
            "input": {"GroupName": "$new", "Description": "paged"},
            "is": "output.GroupId",
        },
        "remove": {"call": "ec2.DeleteSecurityGroup", "input": {"GroupId": "$item"}},
        "items": "SecurityGroups[].GroupId",
        "size": 5,
        "count": 12,
    },
    "GetSecurityGroupsForVpc": pages_of(
        ("CreateSecurityGroup", {"VpcId": "$own_vpc", "GroupName": "$new", "Description": "paged"}),
        "output.GroupId",
        ("DeleteSecurityGroup", "GroupId"),
        "SecurityGroupForVpcs[].GroupId",
        {"VpcId": "$own_vpc"},
    ),
    # Only what has a name of its own is on the list, and no address gets one here.
    "DescribeAddressesAttribute": {"items": "Addresses[].AllocationId", "size": 5},
    "DescribeLaunchTemplates": {
        "make": {
            "call": "ec2.CreateLaunchTemplate",
            "input": {"LaunchTemplateName": "$new", "LaunchTemplateData": {"ImageId": IMAGE}},
            "is": "output.LaunchTemplate.LaunchTemplateId",
        },
        "remove": {"call": "ec2.DeleteLaunchTemplate", "input": {"LaunchTemplateId": "$item"}},
        "items": "LaunchTemplates[].LaunchTemplateId",
        "size": 5,
        "count": 12,
    },
    "DescribeLaunchTemplateVersions": [
        pages_of(
            ("CreateLaunchTemplateVersion", {"LaunchTemplateId": "$template", "LaunchTemplateData": {"ImageId": IMAGE}}),
            "to_string(output.LaunchTemplateVersion.VersionNumber)",
            ("DeleteLaunchTemplateVersions", ["Versions"], ("LaunchTemplateId", "$template")),
            "LaunchTemplateVersions[].to_string(VersionNumber)",
            {"LaunchTemplateId": "$template"},
        ),
        {
            "input": {"Versions": ["$Latest"]},
            "items": "LaunchTemplateVersions[].LaunchTemplateId",
            "size": 5,
            "needs": ["$new_template"] * 6,
            "least": 6,
        },
    ],
    # One that is deleted stays in sight for an hour.
    "DescribeNatGateways": pages_of(
        ("CreateNatGateway", {"SubnetId": "$own_subnet", "ConnectivityType": "private"}),
        "output.NatGateway.NatGatewayId",
        ("DeleteNatGateway", "NatGatewayId"),
        "NatGateways[].NatGatewayId",
        {"Filter": OF_OWN_VPC["Filters"]},
    ),
    "DescribeNetworkAcls": pages_of(
        ("CreateNetworkAcl", {"VpcId": "$own_vpc"}),
        "output.NetworkAcl.NetworkAclId",
        ("DeleteNetworkAcl", "NetworkAclId"),
        "NetworkAcls[].NetworkAclId",
        OF_OWN_VPC,
    ),
    "DescribeSubnets": pages_of(
        ("CreateSubnet", {"VpcId": "$own_vpc", "CidrBlock": "10.1.2$each.0/24"}),
        "output.Subnet.SubnetId",
        ("DeleteSubnet", "SubnetId"),
        "Subnets[].SubnetId",
        OF_OWN_VPC,
    ),
    "DescribeVpcs": pages_of(
        ("CreateVpc", {"CidrBlock": "10.3.0.0/16"}),
        "output.Vpc.VpcId",
        ("DeleteVpc", "VpcId"),
        "Vpcs[].VpcId",
    ),
    "DescribeTags": {
        "make": {
            "call": "ec2.CreateTags",
            "input": {"Resources": ["$instance"], "Tags": [{"Key": "$new", "Value": "v"}]},
            "is": "input.Tags[0].Key",
        },
        "remove": {"call": "ec2.DeleteTags", "input": {"Resources": ["$instance"], "Tags": [{"Key": "$item"}]}},
        "input": {"Filters": [{"Name": "resource-id", "Values": ["$instance"]}]},
        "items": "Tags[].Key",
        "size": 5,
        "count": 12,
    },
}
