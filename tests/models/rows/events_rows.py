"""EventBridge."""

import json

PATTERN = json.dumps({"source": ["own.tests"], "detail": {"n": [{"numeric": [">", 1]}]}})
EVENT = json.dumps({
    "id": "1",
    "account": "000000000000",
    "source": "own.tests",
    "time": "2026-01-02T03:04:05Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "T",
    "detail": {"n": 2},
})
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
TARGET = {"Id": "one", "Arn": FUNCTION, "Input": "{}"}
GRANT = {"StatementId": "all", "Action": "events:PutEvents", "Principal": "*"}
POLICY = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "own",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": "arn:aws:events:us-east-1:000000000000:event-bus/*",
        },
    ],
})

FIXTURES = {
    "rule": {
        "call": "events.PutRule",
        "input": {
            "Name": "$new",
            "ScheduleExpression": "rate(5 days)",
            "EventPattern": PATTERN,
            "Description": "of a test",
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        "is": "input.Name",
    },
    "rule_arn": {"call": "events.DescribeRule", "input": {"Name": "$rule"}, "is": "output.Arn"},
    "aimed": {
        "call": "events.PutTargets",
        "input": {"Rule": "$rule", "Targets": [TARGET]},
        "is": "input.Rule",
    },
    "bus": {"call": "events.CreateEventBus", "input": {"Name": "$new"}, "is": "input.Name"},
    "rule_of_bus": {
        "call": "events.PutRule",
        "input": {"Name": "$new", "EventBusName": "$bus", "EventPattern": PATTERN},
        "is": "input.Name",
    },
    "aimed_of_bus": {
        "call": "events.PutTargets",
        "input": {"Rule": "$rule_of_bus", "EventBusName": "$bus", "Targets": [{**TARGET, "Arn": f"{FUNCTION}-$new"}]},
        "is": "input.Rule",
    },
    "bus_arn": {"call": "events.DescribeEventBus", "input": {"Name": "$bus"}, "is": "output.Arn"},
    "archive": {
        "call": "events.CreateArchive",
        "input": {
            "ArchiveName": "$new",
            "EventSourceArn": "$bus_arn",
            "Description": "of a test",
            "EventPattern": PATTERN,
            "RetentionDays": 2,
        },
        "is": "input.ArchiveName",
    },
    "archive_arn": {
        "call": "events.DescribeArchive",
        "input": {"ArchiveName": "$archive"},
        "is": "output.ArchiveArn",
        # There is room for its replays: ten are under way at a time, and a walk may be faster than they are.
        "until": [
            {
                "call": "events.ListReplays",
                "input": {"State": state},
                "sees": "length(Replays) < `3`",
                "value": True,
            }
            for state in ("STARTING", "RUNNING")
        ],
    },
    "replay": {
        "call": "events.StartReplay",
        "input": {
            "ReplayName": "$new",
            "Description": "of a test",
            "EventSourceArn": "$archive_arn",
            "EventStartTime": 1700000000,
            "EventEndTime": 1700003600,
            "Destination": {"Arn": "$bus_arn"},
        },
        "is": "input.ReplayName",
    },
    "open_bus": {"call": "events.PutPermission", "input": {**GRANT, "EventBusName": "$bus"}, "is": "input.EventBusName"},
    # Of its two statements one is left when the other is removed.
    "twice_open_bus": {
        "call": "events.PutPermission",
        "input": {**GRANT, "StatementId": "another", "EventBusName": "$open_bus"},
        "is": "input.EventBusName",
    },
    "target_of_bus": {
        "call": "events.ListTargetsByRule",
        "input": {"Rule": "$aimed_of_bus", "EventBusName": "$bus"},
        "is": "output.Targets[0].Arn",
    },
}

# What shows whether a refused call has changed something.
READS = [
    {"call": "events.ListRules"},
    {"call": "events.ListEventBuses"},
    {"call": "events.DescribeRule", "input": {"Name": "$name"}},
    {"call": "events.ListRules", "input": {"EventBusName": "$bus"}},
    {"call": "events.DescribeRule", "input": {"Name": "$rule"}},
    {"call": "events.ListTargetsByRule", "input": {"Rule": "$rule"}},
    {"call": "events.ListTagsForResource", "input": {"ResourceARN": "$rule_arn"}},
    {"call": "events.DescribeEventBus", "input": {"Name": "$bus"}},
    {"call": "events.DescribeEventBus"},
    {"call": "events.DescribeArchive", "input": {"ArchiveName": "$archive"}},
    {"call": "events.DescribeArchive", "input": {"ArchiveName": "$name"}},
    {"call": "events.DescribeReplay", "input": {"ReplayName": "$name"}},
]

ON_THE_BUS = {"EventBusName": "$bus"}

ROWS = {
    "CancelReplay": {"input": {"ReplayName": "$replay"}, "answer": {"ReplayArn": ..., "State": "CANCELLING"}},
    "CreateArchive": {
        "input": {"ArchiveName": "$name", "EventSourceArn": "$bus_arn", "EventPattern": PATTERN, "RetentionDays": 1},
        "answer": {"ArchiveArn": ..., "State": "ENABLED", "CreationTime": ...},
    },
    "DeleteArchive": {"input": {"ArchiveName": "$archive"}},
    "DescribeArchive": {
        "input": {"ArchiveName": "$archive"},
        "answer": {
            "ArchiveArn": "$archive_arn",
            "EventSourceArn": "$bus_arn",
            "EventPattern": PATTERN,
            "RetentionDays": 2,
            "EventCount": 0,
            "SizeBytes": 0,
        },
    },
    "DescribeReplay": {
        "input": {"ReplayName": "$replay"},
        "answer": {"ReplayName": "$replay", "EventSourceArn": "$archive_arn", "Destination.Arn": "$bus_arn"},
    },
    "ListArchives": {
        "input": {"EventSourceArn": "$bus_arn"},
        "answer": {"Archives": ...},
    },
    "ListReplays": {"input": {"NamePrefix": "$replay"}, "free": ["NamePrefix"], "answer": {"Replays[0].State": ...}},
    "PutPermission": [
        {"input": {**GRANT, "EventBusName": "$bus"}},
        {"input": {"EventBusName": "$bus", "Policy": POLICY}},
    ],
    "RemovePermission": [
        {"input": {"StatementId": "all", "EventBusName": "$twice_open_bus"}},
        {"input": {"RemoveAllPermissions": True, "EventBusName": "$twice_open_bus"}},
    ],
    "StartReplay": {
        "input": {
            "ReplayName": "$name",
            "EventSourceArn": "$archive_arn",
            "EventStartTime": 1700000000,
            "EventEndTime": 1700003600,
            "Destination": {"Arn": "$bus_arn"},
        },
        "answer": {"ReplayArn": ..., "State": "STARTING", "ReplayStartTime": ...},
    },
    "UpdateArchive": {
        "input": {"ArchiveName": "$archive", "Description": "another", "RetentionDays": 3},
        "answer": {"ArchiveArn": "$archive_arn", "State": "ENABLED"},
    },
    "CreateEventBus": {
        "input": {"Name": "$new", "Description": "own", "Tags": [{"Key": "a", "Value": "b"}]},
        "answer": {"EventBusArn": ...},
    },
    "DeleteEventBus": {"input": {"Name": "$bus"}, "free": ["Name"]},
    "DeleteRule": [
        {"input": {"Name": "$rule", "EventBusName": "default"}, "free": ["Name"]},
        {"input": {"Name": "$rule_of_bus", **ON_THE_BUS}},
    ],
    "DescribeEventBus": [
        {"input": {"Name": "$bus"}, "answer": {"Name": "$bus", "Arn": ..., "CreationTime": ...}},
        {"input": {}, "answer": {"Name": "default"}},
    ],
    "DescribeRule": [
        {
            "input": {"Name": "$rule", "EventBusName": "default"},
            "answer": {
                "Name": "$rule",
                "State": "ENABLED",
                "ScheduleExpression": "rate(5 days)",
                "EventPattern": PATTERN,
                "EventBusName": "default",
                "CreatedBy": "$account",
                "Description": "of a test",
            },
        },
        {"input": {"Name": "$rule_of_bus", **ON_THE_BUS}, "answer": {"EventBusName": "$bus"}},
    ],
    "DisableRule": [
        {"input": {"Name": "$rule", "EventBusName": "default"}},
        {"input": {"Name": "$rule_of_bus", **ON_THE_BUS}},
    ],
    "EnableRule": [
        {"input": {"Name": "$rule", "EventBusName": "default"}},
        {"input": {"Name": "$rule_of_bus", **ON_THE_BUS}},
    ],
    "ListEventBuses": {"input": {"NamePrefix": "$bus"}, "free": ["NamePrefix"], "answer": {"EventBuses[0].Name": "$bus"}},
    "ListRuleNamesByTarget": [
        {
            "input": {"TargetArn": FUNCTION, "EventBusName": "default"},
            "free": ["TargetArn"],
            "answer": {"RuleNames": ...},
        },
        {"input": {"TargetArn": "$target_of_bus", **ON_THE_BUS}, "answer": {"RuleNames[0]": "$rule_of_bus"}},
    ],
    "ListRules": [
        {
            "input": {"NamePrefix": "$aimed", "EventBusName": "default"},
            "free": ["NamePrefix"],
            "answer": {"Rules[0].Name": "$rule", "Rules[0].Arn": "$rule_arn"},
        },
        {"input": {"NamePrefix": "$rule_of_bus", **ON_THE_BUS}, "answer": {"Rules[0].Name": "$rule_of_bus"}},
    ],
    "ListTagsForResource": {
        "input": {"ResourceARN": "$rule_arn"},
        "answer": {"Tags[0].Key": "a", "Tags[0].Value": "b"},
    },
    "ListTargetsByRule": [
        {
            "input": {"Rule": "$aimed", "EventBusName": "default"},
            "answer": {"Targets[0].Id": "one", "Targets[0].Arn": FUNCTION, "Targets[0].Input": "{}"},
        },
        {"input": {"Rule": "$aimed_of_bus", **ON_THE_BUS}, "answer": {"Targets[0].Id": "one"}},
    ],
    "PutEvents": {
        "input": {
            "Entries": [
                {
                    "Time": 1700000000,
                    "Source": "own.tests",
                    "Resources": ["arn:1"],
                    "DetailType": "T",
                    "Detail": '{"n":2}',
                    "EventBusName": "default",
                },
                {"Source": "own.tests"},
            ],
        },
        "answer": {
            "FailedEntryCount": 1,
            "Entries[0].EventId": ...,
            "Entries[1].ErrorCode": "InvalidArgument",
        },
    },
    "PutRule": [
        {
            "input": {
                "Name": "$name",
                "ScheduleExpression": "cron(0 12 * * ? *)",
                "EventPattern": PATTERN,
                "State": "DISABLED",
                "Description": "own",
                "EventBusName": "default",
                "Tags": [{"Key": "a", "Value": "b"}],
            },
            "answer": {"RuleArn": ...},
        },
        {"input": {"Name": "$name", "EventBusName": "$bus", "EventPattern": PATTERN}, "answer": {"RuleArn": ...}},
    ],
    "PutTargets": [
        {
            "input": {
                "Rule": "$rule",
                "EventBusName": "default",
                "Targets": [
                    {
                        "Id": "two",
                        "Arn": FUNCTION,
                        "InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n":<n>}'},
                        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60},
                    },
                ],
            },
            "answer": {"FailedEntryCount": 0},
        },
        {"input": {"Rule": "$rule", "Targets": [{"Id": "three", "Arn": FUNCTION, "InputPath": "$.detail"}]}},
        {"input": {"Rule": "$rule_of_bus", **ON_THE_BUS, "Targets": [TARGET]}},
    ],
    "RemoveTargets": [
        {
            "input": {"Rule": "$aimed", "EventBusName": "default", "Ids": ["one"], "Force": True},
            "answer": {"FailedEntryCount": 0},
        },
        {"input": {"Rule": "$aimed_of_bus", **ON_THE_BUS, "Ids": ["one"]}, "answer": {"FailedEntryCount": 0}},
    ],
    "TagResource": {"input": {"ResourceARN": "$rule_arn", "Tags": [{"Key": "c", "Value": "d"}]}},
    "TestEventPattern": {"input": {"EventPattern": PATTERN, "Event": EVENT}, "answer": {"Result": True}},
    "UntagResource": {"input": {"ResourceARN": "$rule_arn", "TagKeys": ["a"]}},
    "UpdateEventBus": {
        "input": {"Name": "$bus", "Description": "another"},
        "answer": {"Name": "$bus", "Arn": ..., "Description": "another"},
    },
}

MAKE_RULE = {
    "call": "events.PutRule",
    "input": {"Name": "paged.$new", "ScheduleExpression": "rate(5 days)"},
    "is": "input.Name",
}
REMOVE_RULE = {"call": "events.DeleteRule", "input": {"Name": "$item"}}
TOKENS = {"input_token": "NextToken", "output_token": "NextToken", "limit_key": "Limit"}

PAGES = {
    "ListArchives": {
        "make": {
            "call": "events.CreateArchive",
            "input": {"ArchiveName": "$new", "EventSourceArn": "$bus_arn"},
            "is": "input.ArchiveName",
        },
        "remove": {"call": "events.DeleteArchive", "input": {"ArchiveName": "$item"}},
        "input": {"EventSourceArn": "$bus_arn"},
        "items": "Archives[].ArchiveName",
        "tokens": TOKENS,
    },
    "ListReplays": {
        "make": {
            "call": "events.StartReplay",
            "input": {
                "ReplayName": "$new",
                "EventSourceArn": "$archive_arn",
                "EventStartTime": 1700000000,
                "EventEndTime": 1700003600,
                "Destination": {"Arn": "$bus_arn"},
            },
            "is": "input.ReplayName",
        },
        "input": {"EventSourceArn": "$archive_arn"},
        "items": "Replays[].ReplayName",
        "tokens": TOKENS,
    },
    "ListEventBuses": {
        "make": {"call": "events.CreateEventBus", "input": {"Name": "paged.$new"}, "is": "input.Name"},
        "remove": {"call": "events.DeleteEventBus", "input": {"Name": "$item"}},
        "input": {"NamePrefix": "paged."},
        "items": "EventBuses[].Name",
        "tokens": TOKENS,
    },
    "ListRuleNamesByTarget": {
        "make": {
            "call": "events.PutTargets",
            "input": {"Rule": "$fresh_rule", "Targets": [{"Id": "a", "Arn": f"{FUNCTION}-paged"}]},
            "is": "input.Rule",
        },
        "input": {"TargetArn": f"{FUNCTION}-paged"},
        "items": "RuleNames",
        "tokens": TOKENS,
    },
    "ListRules": {
        "make": MAKE_RULE,
        "remove": REMOVE_RULE,
        "input": {"NamePrefix": "paged."},
        "items": "Rules[].Name",
        "tokens": TOKENS,
    },
    "ListTargetsByRule": {
        "make": {
            "call": "events.PutTargets",
            "input": {"Rule": "$rule", "Targets": [{"Id": "$new", "Arn": FUNCTION}]},
            "is": "input.Targets[0].Id",
        },
        "remove": {"call": "events.RemoveTargets", "input": {"Rule": "$rule", "Ids": ["$item"]}},
        "input": {"Rule": "$rule"},
        "items": "Targets[].Id",
        "tokens": TOKENS,
    },
}
FIXTURES["fresh_rule"] = {**FIXTURES["rule"], "fresh": True}
