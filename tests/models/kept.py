"""What the embedded engine takes and keeps, or takes and shows, without any effect: by service, operation and member.

    python kept.py > docs/kept.md

`members` walks AWS's models against this list; everything else that an engine takes works, and the rest is refused by name.
"""

# Members that mean the same wherever they are, and how they work.
EVERYWHERE = {
    "ClientToken": "makes the call repeatable",
    "DryRun": "tells whether the call would succeed",
    "Filter": "narrows the answer",
    "Filters": "narrows the answer",
    "Tags": "kept, and shown by what describes the thing",
    "TagSpecifications": "kept, and shown by what describes the thing",
    "tags": "kept, and shown by what describes the thing",
}

NO_MACHINE = "shown as it was set; no machine runs"
NO_SYSTEM = "there is no system that would have to be shut down"
NOTHING = "there is nothing of the kind that it would add"

KEPT = {
    "ec2": {
        "CreateImage": {"NoReboot": "nothing runs that would have to be stopped"},
        "CreateLaunchTemplateVersion": {"ResolveAlias": "no image is named by a parameter of Systems Manager"},
        "DescribeAddressesAttribute": {"Attribute": "no address has a name of its own"},
        "DescribeAvailabilityZones": {"AllAvailabilityZones": NOTHING},
        "DescribeImages": {"IncludeDeprecated": NOTHING, "IncludeDisabled": NOTHING},
        "DescribeLaunchTemplates": {"IncludeManagedResources": NOTHING},
        "DescribeLaunchTemplateVersions": {
            "IncludeManagedResources": NOTHING,
            "ResolveAlias": "no image is named by a parameter of Systems Manager",
        },
        "DescribeNetworkInterfaces": {"IncludeManagedResources": NOTHING},
        "DescribeVolumes": {"IncludeManagedResources": NOTHING},
        "DetachNetworkInterface": {"Force": "nothing holds on to an interface"},
        "DetachVolume": {"Force": "nothing holds on to a volume"},
        "GetConsoleOutput": {"Latest": "no machine writes to a console"},
        "ModifyInstanceMetadataOptions": {"HttpEndpoint": NO_MACHINE, "HttpTokens": NO_MACHINE},
        "RunInstances": {
            "CapacityReservationSpecification": "shown as it was set; there are no reservations",
            "CpuOptions": NO_MACHINE,
            "CreditSpecification": NO_MACHINE,
            "EbsOptimized": NO_MACHINE,
            "EnclaveOptions": NO_MACHINE,
            "InstanceInitiatedShutdownBehavior": "shown as it was set; no machine shuts itself down",
            "KeyName": "shown; no machine can be logged in to",
            "MaintenanceOptions": NO_MACHINE,
            "MetadataOptions": NO_MACHINE,
            "Monitoring": NO_MACHINE,
            "UserData": "kept and given back; no machine runs it",
        },
        "StartInstances": {"AdditionalInfo": "reserved by AWS"},
        "StopInstances": {"Force": NO_SYSTEM, "SkipOsShutdown": NO_SYSTEM},
        "TerminateInstances": {"Force": NO_SYSTEM, "SkipOsShutdown": NO_SYSTEM},
    },
    "iam": {
        "CreateLoginProfile": {"PasswordResetRequired": "shown as it was set; there is no console to log in to"},
        "ListServiceSpecificCredentials": {"AllUsers": NOTHING, "ServiceName": NOTHING},
        "ListVirtualMFADevices": {"AssignmentStatus": NOTHING},
        "UpdateLoginProfile": {"PasswordResetRequired": "shown as it was set; there is no console to log in to"},
    },
    "lambda": {
        "CreateFunction": {
            "EphemeralStorage": "shown as it was set; `/tmp` is as large as the machine's disk",
            "TracingConfig": "shown as it was set; there is no X-Ray",
        },
        "ListEventSourceMappings": {"EventSourceArn": NOTHING, "FunctionName": NOTHING},
        "UpdateFunctionConfiguration": {
            "EphemeralStorage": "shown as it was set; `/tmp` is as large as the machine's disk",
            "TracingConfig": "shown as it was set; there is no X-Ray",
        },
    },
    "logs": {
        "DescribeLogGroups": {"includeLinkedAccounts": "there are no other accounts"},
        "FilterLogEvents": {
            "interleaved": "events are always interleaved, as at AWS since 2019",
            "unmask": "nothing is masked",
        },
        "GetLogEvents": {"unmask": "nothing is masked"},
    },
}

# Members that work, where the walk cannot see it: what they do shows elsewhere, or only one value is not refused.
ACTS = {
    "apigateway": {"GetApiKeys": {"includeValues": "no engine can show a value that only a digest is kept of"}},
    "ec2": {
        "AllocateAddress": {"Domain": "refused unless it is `vpc`"},
        "AuthorizeSecurityGroupEgress": {"GroupName": "names the group"},
        "AuthorizeSecurityGroupIngress": {"GroupName": "names the group"},
        "CopyImage": {
            "CopyImageTags": "shown by DescribeImages",
            "Description": "shown by DescribeImages",
            "Encrypted": "shown by DescribeImages",
            "KmsKeyId": "shown by DescribeSnapshots",
        },
        "CreateKeyPair": {"KeyFormat": "refused unless it is `pem`"},
        "CreateNatGateway": {
            "AvailabilityMode": "refused unless it is `zonal`",
            "ConnectivityType": "a private one has no address",
        },
        "CreateSecurityGroup": {"VpcId": "the group is in it"},
        "CreateSubnet": {"Ipv6Native": "refused where it is true"},
        "CreateVolume": {"MultiAttachEnabled": "refused where it is true"},
        "CreateVpc": {"AmazonProvidedIpv6CidrBlock": "refused where it is true"},
        "DeleteSecurityGroup": {"GroupName": "names the group"},
        "DescribeAddresses": {"AllocationIds": "narrows the answer"},
        "DescribeAddressesAttribute": {"AllocationIds": "must be there"},
        "DescribeNatGateways": {"NatGatewayIds": "narrows the answer"},
        "DescribeRegions": {"AllRegions": "shows those that would have to be opted into"},
        "DescribeSnapshots": {"OwnerIds": "narrows the answer"},
        "DescribeVpcs": {"VpcIds": "narrows the answer"},
        "ModifySubnetAttribute": {
            "AssignIpv6AddressOnCreation": "refused where it is true",
            "DisableLniAtDeviceIndex": "refused where it is true",
            "EnableDns64": "refused where it is true",
            "EnableResourceNameDnsAAAARecordOnLaunch": "shown by DescribeSubnets",
            "EnableResourceNameDnsARecordOnLaunch": "shown by DescribeSubnets",
            "MapCustomerOwnedIpOnLaunch": "refused where it is true",
            "MapPublicIpOnLaunch": "instances have a public address",
            "PrivateDnsHostnameTypeOnLaunch": "shown by DescribeSubnets",
        },
        "ModifyVolume": {"MultiAttachEnabled": "refused where it is true"},
        "RegisterImage": {
            "Architecture": "launches of another are refused",
            "Description": "shown by DescribeImages",
            "EnaSupport": "shown by DescribeImages",
            "ImdsSupport": "instances need a token",
            "SriovNetSupport": "shown by DescribeImages",
        },
        "UpdateSecurityGroupRuleDescriptionsEgress": {"GroupName": "names the group"},
        "UpdateSecurityGroupRuleDescriptionsIngress": {"GroupName": "names the group"},
        "RevokeSecurityGroupEgress": {"GroupName": "names the group"},
        "RevokeSecurityGroupIngress": {"GroupName": "names the group"},
        "RunInstances": {
            "DisableApiStop": "stopping is refused",
            "DisableApiTermination": "terminating is refused",
            "HibernationOptions": "refused where it is true",
            "Placement": "the zone and the tenancy are shown",
        },
    },
    "iam": {"ListGroups": {"PathPrefix": "narrows the answer"}},
    "lambda": {
        "CreateFunction": {
            "Architectures": "code for another machine is refused",
            "Handler": "what Python and Node.js call",
            "LoggingConfig": "the form and the group of what is logged",
            "PackageType": "refused unless it is `Zip`",
            "SnapStart": "refused unless it is `None`",
            "VpcConfig": "refused unless it is empty",
        },
        "UpdateFunctionCode": {"Architectures": "code for another machine is refused"},
        "UpdateFunctionConfiguration": {
            "SnapStart": "refused unless it is `None`",
            "VpcConfig": "refused unless it is empty",
        },
    },
    "logs": {
        "CreateLogGroup": {
            "deletionProtectionEnabled": "refused where it is true",
            "logGroupClass": "shown by DescribeLogGroups",
        },
        "DescribeLogStreams": {
            "descending": "turns the order around",
            "logStreamNamePrefix": "narrows the answer",
            "orderBy": "the order of the answer",
        },
        "FilterLogEvents": {
            "filterPattern": "narrows the answer",
            "logStreamNames": "narrows the answer",
            "startTime": "narrows the answer",
        },
        "GetLogEvents": {"startFromHead": "the order of pages", "startTime": "narrows the answer"},
    },
    "sts": {
        "AssumeRole": {
            "DurationSeconds": "when the session ends",
            "ExternalId": "what the trust policy may ask for",
        },
        "GetSessionToken": {"DurationSeconds": "when the session ends"},
    },
}


def document():
    """Writes the list for people."""
    lines = [
        "# What is kept without effect",
        "",
        "The embedded engine refuses, by name, what it cannot do. What is on this list it takes: because AWS's clients send",
        "it, and because it means nothing where no machine, no network and no bill is. Everything else that it takes works.",
        "",
        "This page is made from `tests/models/kept.py`, which a test walks against AWS's public models.",
    ]
    for service in sorted(KEPT):
        lines += ["", f"## {service}", "", "| operation | member | why |", "| --- | --- | --- |"]
        for operation in sorted(KEPT[service]):
            for member, reason in sorted(KEPT[service][operation].items()):
                lines.append(f"| {operation} | `{member}` | {reason} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")
