"""EC2."""

IMAGE = "ami-0a1b2c3d4e5f60001"


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

# What shows whether a refused call has changed something.
READS = [
    {"call": "ec2.DescribeInstances", "input": {"InstanceIds": ["$instance"]}},
    # Every instance without its state, which changes by itself.
    {"call": "ec2.DescribeInstanceCreditSpecifications"},
    {"call": "ec2.DescribeTags"},
    *(
        {"call": "ec2.DescribeInstanceAttribute", "input": {"InstanceId": "$instance", "Attribute": attribute}}
        for attribute in ("disableApiStop", "disableApiTermination", "instanceInitiatedShutdownBehavior", "userData")
    ),
]

OF_THE_TAG = [{"Name": "tag:a", "Values": ["b"]}]

ROWS = {
    "CreateTags": {"input": {"Resources": ["$instance"], "Tags": [{"Key": "c", "Value": "d"}]}},
    "DeleteTags": {"input": {"Resources": ["$instance"], "Tags": [{"Key": "a"}]}},
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
    "DescribeInstanceTypes": [
        {
            "input": {"InstanceTypes": ["t2.micro"], "Filters": [{"Name": "instance-type", "Values": ["t2.*"]}]},
            "answer": {"InstanceTypes[0].VCpuInfo.DefaultVCpus": 1, "InstanceTypes[0].MemoryInfo.SizeInMiB": 1024},
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
    "DescribeRegions": {
        "input": {"RegionNames": ["us-east-1"], "Filters": [{"Name": "region-name", "Values": ["us-*"]}]},
        "answer": {"Regions[0].RegionName": "us-east-1", "Regions[0].Endpoint": ...},
    },
    "DescribeTags": {
        "input": {"Filters": [{"Name": "resource-id", "Values": ["$instance"]}]},
        "answer": {"Tags[0].Key": "a", "Tags[0].ResourceId": "$instance", "Tags[0].ResourceType": "instance"},
    },
    "ModifyInstanceAttribute": [
        {"input": {"InstanceId": "$instance", "DisableApiTermination": {"Value": True}}},
        {"input": {"InstanceId": "$stopped", "InstanceType": {"Value": "t2.small"}}},
        {"input": {"InstanceId": "$instance", "Attribute": "disableApiStop", "Value": "true"}},
    ],
    "RebootInstances": {"input": {"InstanceIds": ["$instance"]}},
    "RunInstances": {
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

PAGES = {
    "DescribeImages": {"items": "Images[].ImageId", "size": 5},
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
    "DescribeInstanceTypes": {"items": "InstanceTypes[].InstanceType", "size": 5},
    "DescribeInstances": {
        "make": MAKE,
        "remove": REMOVE,
        "input": OWN,
        "items": "Reservations[].Instances[].InstanceId",
        "size": 5,
        "count": 12,
    },
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
