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

NO_VALUE = "only a digest of a key's value is kept, which nothing can show"
NO_WARNING = "what is not understood is refused or kept, never warned of"
NO_CONSOLE = "shown as it was set; there is no console to log in to"
NO_OWNER = "no service of AWS manages a rule here"

NO_TOPIC = "a topic is taken and shown; there is none that could be told, and the alarm's history says so"

NO_CACHE = "shown as it was set; there are no caches"
NO_TRACING = "shown as it was set; there is no X-Ray"

KEPT = {
    "apigateway": {
        "CreateDeployment": {"tracingEnabled": NO_TRACING},
        "CreateStage": {"tracingEnabled": NO_TRACING},
        "ImportDocumentationParts": {"failOnWarnings": NO_WARNING},
        "GetDomainNames": {"resourceOwner": NOTHING},
        "PutIntegration": {"cacheKeyParameters": NO_CACHE, "cacheNamespace": NO_CACHE},
        "GetApiKey": {"includeValue": NO_VALUE},
        "GetApiKeys": {"includeValues": NO_VALUE},
        "ImportRestApi": {"failOnWarnings": NO_WARNING},
        "PutRestApi": {"failOnWarnings": NO_WARNING},
        "UpdateStage": {
            "patchOperations": "`/tracingEnabled` and what is below `caching` are shown as they were set; there is no X-Ray, "
            "and there are no caches",
        },
    },
    "apigatewayv2": {
        "ImportApi": {"FailOnWarnings": NO_WARNING},
        "ReimportApi": {"FailOnWarnings": NO_WARNING},
    },
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
        "DescribeVolumeStatus": {"IncludeManagedResources": NOTHING},
        "DescribeVolumes": {"IncludeManagedResources": NOTHING},
        "DetachNetworkInterface": {"Force": "nothing holds on to an interface"},
        "DetachVolume": {"Force": "nothing holds on to a volume"},
        "GetConsoleOutput": {"Latest": "no machine writes to a console"},
        "ModifyInstanceMaintenanceOptions": {"AutoRecovery": NO_MACHINE},
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
    "events": {
        "DeleteRule": {"Force": NO_OWNER},
        "PutPermission": {"Policy": "shown as it was set; there is one account, which may always"},
        "RemoveTargets": {"Force": NO_OWNER},
    },
    "iam": {
        "CreateLoginProfile": {"PasswordResetRequired": NO_CONSOLE},
        "ListServiceSpecificCredentials": {"AllUsers": NOTHING, "ServiceName": NOTHING},
        "ListVirtualMFADevices": {"AssignmentStatus": NOTHING},
        "CreateOpenIDConnectProvider": {"ThumbprintList": "shown as it was set; no provider is asked for anything"},
        "UpdateAccountPasswordPolicy": {
            "AllowUsersToChangePassword": NO_CONSOLE,
            "HardExpiry": NO_CONSOLE,
            "MaxPasswordAge": NO_CONSOLE,
            "PasswordReusePrevention": NO_CONSOLE,
        },
        "UpdateLoginProfile": {
            "Password": "checked by the account's rule or AWS's, and forgotten; there is no console to log in to",
            "PasswordResetRequired": NO_CONSOLE,
        },
    },
    "lambda": {
        "CreateFunction": {
            "EphemeralStorage": "shown as it was set; `/tmp` is as large as the machine's disk",
            "TracingConfig": NO_TRACING,
        },
        "ListEventSourceMappings": {"EventSourceArn": NOTHING, "FunctionName": NOTHING},
        "PutProvisionedConcurrencyConfig": {
            "ProvisionedConcurrentExecutions": "shown as it was set, and taken from what is left; processes start when they "
            "are needed",
        },
        "UpdateFunctionConfiguration": {
            "EphemeralStorage": "shown as it was set; `/tmp` is as large as the machine's disk",
            "TracingConfig": NO_TRACING,
        },
    },
    "logs": {
        "FilterLogEvents": {"interleaved": "events are always interleaved, as at AWS since 2019"},
        "PutLogEvents": {"sequenceToken": "any is taken, as at AWS since 2023"},
        "PutSubscriptionFilter": {
            "distribution": "shown as it was set; it means something to streams alone, and a function is told of each event",
            "roleArn": "shown as it was set; the function's own policy decides whether it is told",
        },
    },
    "monitoring": {
        "PutCompositeAlarm": {"AlarmActions": NO_TOPIC, "InsufficientDataActions": NO_TOPIC, "OKActions": NO_TOPIC},
        "PutMetricAlarm": {"AlarmActions": NO_TOPIC, "InsufficientDataActions": NO_TOPIC, "OKActions": NO_TOPIC},
        "PutMetricData": {"StrictEntityValidation": "there are no entities: data that has one is refused"},
    },
}

# What lists credentials that nobody has.
OF_A_USER = ("ListMFADevices", "ListSSHPublicKeys", "ListServiceSpecificCredentials", "ListSigningCertificates")

# Members that work, where the walk cannot see it: what they do shows elsewhere, or only one value is not refused.
ACTS = {
    "apigateway": {
        "GetDocumentationParts": {"locationStatus": "refused unless it is `DOCUMENTED`"},
        "TestInvokeAuthorizer": {
            "body": "what the function is asked with",
            "pathWithQueryString": "what the function is asked with",
            "stageVariables": "what the function is asked with",
        },
        "TestInvokeMethod": {"stageVariables": "what integrations and their templates read"},
    },
    "apigatewayv2": {
        "CreateApi": {"RouteKey": "the key of the route that is made"},
        "ExportApi": {"ExportVersion": "refused unless it is `1.0`"},
        "ImportApi": {"Basepath": "refused unless it is `ignore`"},
    },
    "ec2": {
        "AllocateAddress": {"Domain": "refused unless it is `vpc`"},
        "AuthorizeSecurityGroupIngress": {"GroupName": "names the group"},
        "AssociateAddress": {"AllowReassociation": "where it is false, an address that something has does not move"},
        "CopyImage": {"CopyImageTags": "shown by DescribeImages"},
        "CreateSecurityGroup": {"VpcId": "the group is in it"},
        "CreateSnapshots": {"CopyTagsFromSource": "the snapshots have the tags of their volumes"},
        "DeleteSecurityGroup": {"GroupName": "names the group"},
        "DescribeAddresses": {"AllocationIds": "narrows the answer"},
        "DescribeAddressesAttribute": {"AllocationIds": "must be there"},
        "DescribeNatGateways": {"NatGatewayIds": "narrows the answer"},
        "DescribeRegions": {"AllRegions": "shows those that would have to be opted into"},
        "DescribeSnapshots": {"OwnerIds": "narrows the answer"},
        "DescribeVpcs": {"VpcIds": "narrows the answer"},
        "ModifySnapshotAttribute": {"Attribute": "refused where it is `productCodes`"},
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
        "UpdateSecurityGroupRuleDescriptionsEgress": {"GroupName": "names the group"},
        "UpdateSecurityGroupRuleDescriptionsIngress": {"GroupName": "names the group"},
        "RevokeSecurityGroupIngress": {"GroupName": "names the group"},
        "RunInstances": {
            "DisableApiStop": "stopping is refused",
            "DisableApiTermination": "terminating is refused",
            "HibernationOptions": "refused where it is true",
        },
    },
    "iam": {
        **{operation: {"UserName": "the user must be there"} for operation in OF_A_USER},
        "SimulateCustomPolicy": {"ResourceOwner": "refused where it is another account"},
        "SimulatePrincipalPolicy": {"ResourceOwner": "refused where it is another account"},
        "UpdateAccountPasswordPolicy": {
            name: "passwords against it are refused"
            for name in (
                "MinimumPasswordLength",
                "RequireLowercaseCharacters",
                "RequireNumbers",
                "RequireSymbols",
                "RequireUppercaseCharacters",
            )
        },
    },
    "lambda": {
        "CreateFunction": {
            "Architectures": "code for another machine is refused",
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
    "monitoring": {
        "ListMetrics": {"RecentlyActive": "narrows the answer to those of three hours"},
        "SetAlarmState": {"StateReasonData": "shown by DescribeAlarms until the alarm is evaluated again"},
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
        "it, and because it means nothing where no machine, no network and no bill is. Everything else that it takes works,",
        "as far as there is something for it to work on: instances, networks, routes, gateways, security groups and network",
        "ACLs are records with the states and rules of real ones, through which nothing is sent; OpenID Connect providers can",
        "be named by trust policies, and nobody can sign in by one.",
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
