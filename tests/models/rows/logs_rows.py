"""CloudWatch Logs."""

import time

from rows import lambda_rows

NOW = int(time.time() * 1000)

EVENTS = [{"timestamp": NOW - 5000 + number, "message": f"line {number}"} for number in range(5)]

TOO_OLD = [{"timestamp": 1, "message": "old"}]

RESOURCE_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"route53.amazonaws.com"},'
    '"Action":"logs:PutLogEvents","Resource":"*"}]}'
)

FIXTURES = {
    **{name: lambda_rows.FIXTURES[name] for name in ("role", "role_arn", "function", "function_arn")},
    "function_told": {
        "call": "lambda.AddPermission",
        "input": {
            "FunctionName": "$function",
            "StatementId": "logs",
            "Action": "lambda:InvokeFunction",
            "Principal": "logs.amazonaws.com",
        },
        "is": "input.StatementId",
    },
    "subscription": {
        "call": "logs.PutSubscriptionFilter",
        "input": {
            "logGroupName": "$group",
            # Named by the permission that it needs.
            "filterName": "$function_told",
            "filterPattern": "ERROR",
            "destinationArn": "$function_arn",
        },
        "is": "input.filterName",
    },
    "subscribed_group": {
        "call": "logs.DescribeSubscriptionFilters",
        "input": {"logGroupName": "$group", "filterNamePrefix": "$subscription"},
        "is": "input.logGroupName",
    },
    "filtered_group": {
        "call": "logs.DescribeMetricFilters",
        "input": {"logGroupName": "$group", "filterNamePrefix": "$metric_filter"},
        "is": "input.logGroupName",
    },
    "queried_group": {
        "call": "logs.StartQuery",
        "input": {"logGroupName": "$group", "startTime": 0, "endTime": NOW // 1000, "queryString": "fields @message"},
        "is": "input.logGroupName",
    },
    "written_group": {
        "call": "logs.GetLogEvents",
        "input": {"logGroupName": "$group", "logStreamName": "$written"},
        "is": "input.logGroupName",
    },
    "group": {
        "call": "logs.CreateLogGroup",
        "input": {"logGroupName": "$new", "tags": {"a": "b"}},
        "is": "input.logGroupName",
    },
    "group_arn": {
        "call": "logs.DescribeLogGroups",
        "input": {"logGroupNamePrefix": "$group"},
        "is": "output.logGroups[0].logGroupArn",
    },
    "stream": {
        "call": "logs.CreateLogStream",
        "input": {"logGroupName": "$group", "logStreamName": "$new"},
        "is": "input.logStreamName",
    },
    "fresh_stream": {
        "call": "logs.CreateLogStream",
        "input": {"logGroupName": "$group", "logStreamName": "$new"},
        "is": "input.logStreamName",
        "fresh": True,
    },
    "written": {
        "call": "logs.PutLogEvents",
        "input": {"logGroupName": "$group", "logStreamName": "$stream", "logEvents": EVENTS},
        "is": "input.logStreamName",
    },
    "metric_filter": {
        "call": "logs.PutMetricFilter",
        "input": {
            "logGroupName": "$group",
            "filterName": "$new",
            "filterPattern": "ERROR",
            "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
        },
        "is": "input.filterName",
    },
    "telling_query": {
        "call": "logs.StartQuery",
        "input": {"logGroupName": "$written_group", "startTime": 0, "endTime": NOW // 1000, "queryString": "fields @message"},
        "is": "output.queryId",
    },
    "query": {
        "call": "logs.StartQuery",
        "input": {"logGroupName": "$group", "startTime": 0, "endTime": NOW // 1000, "queryString": "fields @message"},
        "is": "output.queryId",
    },
    "resource_policy": {
        "call": "logs.PutResourcePolicy",
        # One for all: a region has no more than ten.
        "input": {"policyName": "own", "policyDocument": RESOURCE_POLICY},
        "is": "input.policyName",
    },
    "definition": {
        "call": "logs.PutQueryDefinition",
        "input": {"name": "$new", "queryString": "fields @message", "logGroupNames": ["$group"]},
        "is": "output.queryDefinitionId",
    },
    # Made with a token, which makes the same call again none.
    "repeated": {
        "call": "logs.PutQueryDefinition",
        "input": {
            "name": "$name.one",
            "queryString": "fields @message",
            "clientToken": "of-the-query-definition-$name",
        },
        "is": "input.clientToken",
    },
    "repeated_definition": {
        "call": "logs.DescribeQueryDefinitions",
        "input": {"queryDefinitionNamePrefix": "$name.one"},
        "is": "output.queryDefinitions[0].queryDefinitionId",
    },
    "defined_query": {
        "call": "logs.PutQueryDefinition",
        "input": {"name": "$new", "queryString": "fields @message"},
        "is": "input.name",
    },
    "retained": {
        "call": "logs.PutRetentionPolicy",
        "input": {"logGroupName": "$group", "retentionInDays": 7},
        "is": "input.logGroupName",
    },
}

# What shows whether a refused call has changed something.
READS = [
    {"call": "logs.DescribeLogGroups"},
    {"call": "logs.DescribeLogGroups", "input": {"logGroupNamePrefix": "$name"}},
    {"call": "logs.DescribeMetricFilters", "input": {"logGroupName": "$group"}},
    {"call": "logs.DescribeQueryDefinitions"},
    {"call": "logs.DescribeQueryDefinitions", "input": {"queryDefinitionNamePrefix": "$name"}},
    {"call": "logs.DescribeResourcePolicies"},
    {"call": "logs.DescribeSubscriptionFilters", "input": {"logGroupName": "$group"}},
    {"call": "logs.DescribeLogStreams", "input": {"logGroupName": "$group"}},
    {"call": "logs.ListTagsForResource", "input": {"resourceArn": "$group_arn"}},
    {"call": "logs.GetLogEvents", "input": {"logGroupName": "$group", "logStreamName": "$stream"}},
]

ROWS = {
    "DeleteQueryDefinition": {"input": {"queryDefinitionId": "$definition"}, "answer": {"success": True}},
    "DeleteResourcePolicy": {"input": {"policyName": "$resource_policy"}},
    "DescribeQueryDefinitions": [
        {
            "input": {"queryDefinitionNamePrefix": "$defined_query", "queryLanguage": "CWLI", "maxResults": 5},
            "free": ["queryDefinitionNamePrefix"],
            "answer": {
                "queryDefinitions[0].name": "$defined_query",
                "queryDefinitions[0].queryString": "fields @message",
                "queryDefinitions[0].lastModified": ...,
            },
        },
        {"input": {"queryDefinitionNamePrefix": "of-nothing"}, "answer": {"queryDefinitions": []}},
        {
            "input": {"queryDefinitionNamePrefix": "$defined_query", "queryLanguage": "SQL"},
            "answer": {"queryDefinitions": []},
        },
    ],
    "DescribeResourcePolicies": [
        {
            "input": {"policyScope": "ACCOUNT", "limit": 50},
            "answer": {"resourcePolicies": ...},
        },
        {"input": {"policyScope": "RESOURCE"}, "answer": {"resourcePolicies": []}},
    ],
    "ListLogGroups": [
        {
            "input": {"logGroupNamePattern": "^new", "logGroupClass": "STANDARD", "limit": 5},
            "free": ["logGroupNamePattern"],
            "answer": {"logGroups": ...},
        },
        {"input": {"logGroupClass": "INFREQUENT_ACCESS"}, "answer": {"logGroups": []}},
        {"input": {"logGroupNamePattern": "of-nothing"}, "answer": {"logGroups": []}},
    ],
    "PutLogGroupDeletionProtection": {
        "input": {"logGroupIdentifier": "$group", "deletionProtectionEnabled": False},
    },
    "PutQueryDefinition": [
        {
            "input": {
                "name": "$name",
                "queryString": "fields `@timestamp` | head 5",
                "queryLanguage": "PPL",
                "logGroupNames": ["$group"],
            },
            "free": ["name", "queryString", "logGroupNames"],
            "answer": {"queryDefinitionId": ...},
        },
        {
            "input": {"queryDefinitionId": "$definition", "name": "$new", "queryString": "fields @message"},
            "answer": {"queryDefinitionId": "$definition"},
        },
        {
            "input": {"name": "$name.two", "queryString": "fields @message", "clientToken": "$repeated"},
            "answer": {"queryDefinitionId": "$repeated_definition"},
        },
    ],
    "PutResourcePolicy": {
        "input": {"policyName": "$resource_policy", "policyDocument": RESOURCE_POLICY},
        "free": ["policyName"],
        "answer": {"resourcePolicy.policyName": "$resource_policy", "resourcePolicy.policyScope": "ACCOUNT"},
    },
    "DeleteMetricFilter": {"input": {"logGroupName": "$group", "filterName": "$metric_filter"}},
    "DescribeMetricFilters": [
        {
            "input": {"logGroupName": "$group", "filterNamePrefix": "$metric_filter", "limit": 5},
            "free": ["filterNamePrefix"],
            "answer": {"metricFilters[0].filterName": "$metric_filter", "metricFilters[0].creationTime": ...},
        },
        {"input": {"metricName": "m", "metricNamespace": "n"}, "answer": {"metricFilters": ...}},
        {"input": {"logGroupName": "$group"}, "answer": {"metricFilters": []}},
        {
            "input": {"logGroupName": "$filtered_group", "filterNamePrefix": "of-nothing"},
            "answer": {"metricFilters": []},
        },
    ],
    "DescribeQueries": [
        {"input": {"logGroupName": "$group", "status": "Complete", "maxResults": 5}, "answer": {"queries": []}},
        {"input": {"logGroupName": "$queried_group"}, "answer": {"queries[0].status": "Complete"}},
        {"input": {"logGroupName": "$queried_group", "status": "Running"}, "answer": {"queries": []}},
        {"input": {"logGroupName": "$queried_group", "queryLanguage": "PPL"}, "answer": {"queries": []}},
    ],
    "DeleteSubscriptionFilter": {"input": {"logGroupName": "$group", "filterName": "$subscription"}},
    "DescribeSubscriptionFilters": [
        {
            "input": {"logGroupName": "$group", "filterNamePrefix": "$subscription", "limit": 5},
            "free": ["filterNamePrefix"],
            "answer": {"subscriptionFilters[0].destinationArn": "$function_arn"},
        },
        {
            "input": {"logGroupName": "$subscribed_group", "filterNamePrefix": "of-nothing"},
            "answer": {"subscriptionFilters": []},
        },
    ],
    "GetQueryResults": [
        {"input": {"queryId": "$query"}, "answer": {"status": "Complete", "statistics": ...}},
        {"input": {"queryId": "$telling_query", "maxItems": 2}, "answer": {"length(results)": 2, "nextToken": ...}},
    ],
    "PutMetricFilter": {
        "input": {
            "logGroupName": "$group",
            "filterName": "f",
            "filterPattern": "{ $.a = 1 }",
            "metricTransformations": [
                {
                    "metricName": "m",
                    "metricNamespace": "n",
                    "metricValue": "$.b",
                    "dimensions": {"D": "$.c"},
                    "unit": "Count",
                },
            ],
        },
    },
    "PutSubscriptionFilter": {
        "input": {
            "logGroupName": "$group",
            "filterName": "$function_told",
            "filterPattern": "",
            "destinationArn": "$function_arn",
            "distribution": "Random",
        },
        "free": ["filterName"],
    },
    # Every query has ended when its id is known.
    "StopQuery": {"input": {"queryId": "$query"}, "refusal": "InvalidParameterException"},
    "StartQuery": {
        "input": {
            "logGroupName": "$group",
            "startTime": 0,
            "endTime": NOW // 1000,
            "queryString": "fields @timestamp, @message | limit 5",
            "limit": 10,
        },
        "answer": {"queryId": ...},
    },
    "TestMetricFilter": {
        "input": {"filterPattern": "{ $.a = 1 }", "logEventMessages": ['{"a":1}', "no"]},
        "answer": {"matches[0].eventNumber": 1, "matches[0].eventMessage": '{"a":1}'},
    },
    "CreateLogGroup": {"input": {"logGroupName": "$name", "logGroupClass": "DELIVERY", "tags": {"a": "b"}}},
    "CreateLogStream": {"input": {"logGroupName": "$group", "logStreamName": "$new"}},
    "DeleteLogGroup": {"input": {"logGroupName": "$group"}},
    "DeleteLogStream": {"input": {"logGroupName": "$group", "logStreamName": "$stream"}},
    "DeleteRetentionPolicy": {"input": {"logGroupName": "$retained"}},
    "DescribeLogGroups": [
        {
            "input": {"logGroupNamePrefix": "$retained"},
            "free": ["logGroupNamePrefix"],
            "answer": {"logGroups[0].logGroupName": "$group", "logGroups[0].retentionInDays": 7},
        },
        {"input": {}, "answer": {"logGroups": ...}},
        {
            "input": {"logGroupIdentifiers": ["$retained"]},
            "answer": {"length(logGroups)": 1, "logGroups[0].retentionInDays": 7},
        },
        {
            "input": {"logGroupIdentifiers": ["$group_arn"]},
            "answer": {"length(logGroups)": 1, "logGroups[0].logGroupArn": "$group_arn"},
        },
    ],
    "DescribeLogStreams": [
        {
            "input": {"logGroupName": "$group", "logStreamNamePrefix": "$written", "orderBy": "LogStreamName"},
            "free": ["logStreamNamePrefix"],
            "answer": {"logStreams[0].logStreamName": "$stream", "logStreams[0].lastEventTimestamp": ...},
        },
        {"input": {"logGroupIdentifier": "$group", "orderBy": "LastEventTime", "descending": True}},
    ],
    "FilterLogEvents": [
        {
            "input": {"logGroupName": "$group", "logStreamNames": ["$written"], "filterPattern": "line"},
            "answer": {"events[4].message": "line 4", "events[0].eventId": ..., "events[0].logStreamName": "$stream"},
        },
        {"input": {"logGroupIdentifier": "$group_arn", "logStreamNamePrefix": "new", "limit": 1, "interleaved": True}},
        {"input": {"logGroupName": "$written_group", "logStreamNamePrefix": "of-nothing"}, "answer": {"events": []}},
    ],
    "GetLogEvents": {
        "input": {"logGroupName": "$group", "logStreamName": "$written", "startFromHead": True, "startTime": 0},
        "answer": {"events[0].message": "line 0", "nextForwardToken": ..., "nextBackwardToken": ...},
    },
    "ListTagsForResource": {"input": {"resourceArn": "$group_arn"}, "answer": {"tags.a": "b"}},
    "ListTagsLogGroup": {"input": {"logGroupName": "$group"}, "answer": {"tags.a": "b"}},
    "PutLogEvents": [
        {"input": {"logGroupName": "$group", "logStreamName": "$stream", "logEvents": EVENTS}},
        {
            "input": {"logGroupName": "$group", "logStreamName": "$stream", "logEvents": TOO_OLD},
            "answer": {"rejectedLogEventsInfo": ...},
        },
    ],
    "PutRetentionPolicy": {"input": {"logGroupName": "$group", "retentionInDays": 30}},
    "TagLogGroup": {"input": {"logGroupName": "$group", "tags": {"c": "d"}}},
    "TagResource": {"input": {"resourceArn": "$group_arn", "tags": {"c": "d"}}},
    "UntagLogGroup": {"input": {"logGroupName": "$group", "tags": ["a"]}},
    "UntagResource": {"input": {"resourceArn": "$group_arn", "tagKeys": ["a"]}},
}

MAKE_STREAM = {
    "call": "logs.CreateLogStream",
    "input": {"logGroupName": "$group", "logStreamName": "$new"},
    "is": "input.logStreamName",
}
REMOVE_STREAM = {"call": "logs.DeleteLogStream", "input": {"logGroupName": "$group", "logStreamName": "$item"}}
ONE_EVENT = [{"timestamp": NOW, "message": "$new"}]
MAKE_EVENT = {
    "call": "logs.PutLogEvents",
    "input": {"logGroupName": "$group", "logStreamName": "$stream", "logEvents": ONE_EVENT},
    "is": "input.logEvents[0].message",
}

PAGES = {
    "DescribeQueryDefinitions": {
        "make": {
            "call": "logs.PutQueryDefinition",
            "input": {"name": "paged.$new", "queryString": "fields @message"},
            "is": "output.queryDefinitionId",
        },
        "remove": {"call": "logs.DeleteQueryDefinition", "input": {"queryDefinitionId": "$item"}},
        "input": {"queryDefinitionNamePrefix": "paged."},
        "items": "queryDefinitions[].queryDefinitionId",
        "tokens": {"input_token": "nextToken", "output_token": "nextToken", "limit_key": "maxResults"},
    },
    "DescribeResourcePolicies": {
        "make": {
            "call": "logs.PutResourcePolicy",
            # The same ones for each walk: a region has no more than ten.
            "input": {"policyName": "paged.$each", "policyDocument": RESOURCE_POLICY},
            "is": "input.policyName",
        },
        "remove": {"call": "logs.DeleteResourcePolicy", "input": {"policyName": "$item"}},
        "items": "resourcePolicies[?starts_with(policyName, 'paged.')].policyName",
    },
    "ListLogGroups": {
        "make": {"call": "logs.CreateLogGroup", "input": {"logGroupName": "listed/$new"}, "is": "input.logGroupName"},
        "remove": {"call": "logs.DeleteLogGroup", "input": {"logGroupName": "$item"}},
        "input": {"logGroupNamePattern": "^listed/"},
        "items": "logGroups[].logGroupName",
        "tokens": {"input_token": "nextToken", "output_token": "nextToken", "limit_key": "limit"},
    },
    "DescribeLogGroups": {
        "make": {"call": "logs.CreateLogGroup", "input": {"logGroupName": "paged/$new"}, "is": "input.logGroupName"},
        "remove": {"call": "logs.DeleteLogGroup", "input": {"logGroupName": "$item"}},
        "input": {"logGroupNamePrefix": "paged/"},
        "items": "logGroups[].logGroupName",
    },
    "DescribeMetricFilters": {
        "make": {
            "call": "logs.PutMetricFilter",
            "input": {
                "logGroupName": "$group",
                "filterName": "$new",
                "filterPattern": "ERROR",
                "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
            },
            "is": "input.filterName",
        },
        "remove": {"call": "logs.DeleteMetricFilter", "input": {"logGroupName": "$group", "filterName": "$item"}},
        "input": {"logGroupName": "$group"},
        "items": "metricFilters[].filterName",
    },
    "DescribeSubscriptionFilters": {
        "make": {
            "call": "logs.PutSubscriptionFilter",
            "input": {
                "logGroupName": "$group",
                # The permission that it needs is there.
                "filterName": "$function_told.$each",
                "filterPattern": "ERROR",
                "destinationArn": "$function_arn",
            },
            "is": "input.filterName",
        },
        "remove": {"call": "logs.DeleteSubscriptionFilter", "input": {"logGroupName": "$group", "filterName": "$item"}},
        "input": {"logGroupName": "$group"},
        "items": "subscriptionFilters[].filterName",
        # A group has no more.
        "count": 2,
    },
    "DescribeQueries": {
        "make": {
            "call": "logs.StartQuery",
            "input": {"logGroupName": "$group", "startTime": 0, "endTime": NOW // 1000, "queryString": "fields @message"},
            "is": "output.queryId",
        },
        "input": {"logGroupName": "$group"},
        "items": "queries[].queryId",
    },
    "GetQueryResults": {
        "input": {"queryId": "$telling_query"},
        # What a query has found stays found, whatever is removed.
        "items": "results[] | [?field=='@message'].value",
        "least": 3,
        "tokens": {"input_token": "nextToken", "output_token": "nextToken", "limit_key": "maxItems"},
    },
    "DescribeLogStreams": [
        {
            "make": MAKE_STREAM,
            "remove": REMOVE_STREAM,
            "input": {"logGroupName": "$group", **order},
            "items": "logStreams[].logStreamName",
        }
        for order in (
            {},
            {"descending": True},
            {"orderBy": "LastEventTime"},
            {"orderBy": "LastEventTime", "descending": True},
        )
    ],
    "FilterLogEvents": [
        {"make": MAKE_EVENT, "input": {"logGroupName": "$group"}, "items": "events[].message"},
        {
            # Each event in a stream of its own.
            "make": {
                "call": "logs.PutLogEvents",
                "input": {"logGroupName": "$group", "logStreamName": "$fresh_stream", "logEvents": ONE_EVENT},
                "is": "input.logStreamName",
            },
            "remove": REMOVE_STREAM,
            "input": {"logGroupName": "$group"},
            "items": "events[].logStreamName",
        },
    ],
    "GetLogEvents": [
        {
            "make": MAKE_EVENT,
            "input": {"logGroupName": "$group", "logStreamName": "$stream", "startFromHead": from_head},
            "items": "events[].message",
            "tokens": {"input_token": "nextToken", "output_token": token, "limit_key": "limit"},
        }
        for from_head, token in ((True, "nextForwardToken"), (False, "nextBackwardToken"))
    ],
}
