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
]

ON_THE_BUS = {"EventBusName": "$bus"}

ROWS = {
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
}

MAKE_RULE = {
    "call": "events.PutRule",
    "input": {"Name": "paged.$new", "ScheduleExpression": "rate(5 days)"},
    "is": "input.Name",
}
REMOVE_RULE = {"call": "events.DeleteRule", "input": {"Name": "$item"}}
TOKENS = {"input_token": "NextToken", "output_token": "NextToken", "limit_key": "Limit"}

PAGES = {
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
