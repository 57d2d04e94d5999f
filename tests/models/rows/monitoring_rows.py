"""CloudWatch, over JSON 1.0."""

import time

NOW = int(time.time())

DIMENSIONS = [{"Name": "a", "Value": "b"}]
METRIC = {"Namespace": "Own", "MetricName": "m", "Dimensions": DIMENSIONS}
ALARM = {
    "Namespace": "Own",
    "MetricName": "m",
    "Dimensions": DIMENSIONS,
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "DatapointsToAlarm": 1,
    "Threshold": 1.5,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "ignore",
}

FIXTURES = {
    "alarm": {
        "call": "monitoring.PutMetricAlarm",
        "input": {"AlarmName": "$new", "AlarmDescription": "own", "Tags": [{"Key": "a", "Value": "b"}], **ALARM},
        "is": "input.AlarmName",
    },
    "alarm_arn": {
        "call": "monitoring.DescribeAlarms",
        "input": {"AlarmNames": ["$alarm"]},
        "is": "output.MetricAlarms[0].AlarmArn",
    },
    "namespace": {
        "call": "monitoring.PutMetricData",
        "input": {
            "Namespace": "$new",
            "MetricData": [{"MetricName": "m", "Dimensions": DIMENSIONS, "Value": 2.5, "Timestamp": NOW - 120}],
        },
        "is": "input.Namespace",
    },
}

# What shows whether a refused call has changed something.
READS = [
    {"call": "monitoring.DescribeAlarms"},
    {"call": "monitoring.ListMetrics", "input": {"Namespace": "Own"}},
    {"call": "monitoring.DescribeAlarmHistory"},
    {"call": "monitoring.ListTagsForResource", "input": {"ResourceARN": "$alarm_arn"}},
]

ROWS = {
    "DeleteAlarms": {"input": {"AlarmNames": ["$alarm"]}, "free": ["AlarmNames"]},
    "DescribeAlarmHistory": {
        "input": {
            "AlarmName": "$alarm",
            "AlarmTypes": ["MetricAlarm"],
            "HistoryItemType": "ConfigurationUpdate",
            "StartDate": NOW - 3600,
            "EndDate": NOW + 3600,
            "MaxRecords": 10,
            "ScanBy": "TimestampAscending",
        },
        "free": ["AlarmName"],
        "answer": {"AlarmHistoryItems[0].AlarmName": "$alarm", "AlarmHistoryItems[0].HistorySummary": ...},
    },
    "DescribeAlarms": [
        {
            "input": {"AlarmNames": ["$alarm"], "AlarmTypes": ["MetricAlarm"], "StateValue": "INSUFFICIENT_DATA"},
            "free": ["AlarmNames"],
            "answer": {
                "MetricAlarms[0].AlarmName": "$alarm",
                "MetricAlarms[0].AlarmArn": "$alarm_arn",
                "MetricAlarms[0].Threshold": 1.5,
                "MetricAlarms[0].Dimensions[0].Value": "b",
                "MetricAlarms[0].StateReason": ...,
                "MetricAlarms[0].StateUpdatedTimestamp": ...,
            },
        },
        {"input": {"AlarmNamePrefix": "$alarm", "MaxRecords": 1}, "answer": {"MetricAlarms[0].AlarmName": "$alarm"}},
    ],
    "DescribeAlarmsForMetric": {
        "input": {**METRIC, "Statistic": "Sum", "Period": 60},
        "free": ["Namespace", "MetricName"],
        "answer": {"MetricAlarms": ...},
    },
    "DisableAlarmActions": {"input": {"AlarmNames": ["$alarm"]}, "free": ["AlarmNames"]},
    "EnableAlarmActions": {"input": {"AlarmNames": ["$alarm"]}, "free": ["AlarmNames"]},
    "GetMetricData": {
        "input": {
            "MetricDataQueries": [
                {
                    "Id": "q1",
                    "MetricStat": {
                        "Metric": {"Namespace": "$namespace", "MetricName": "m", "Dimensions": DIMENSIONS},
                        "Period": 60,
                        "Stat": "p50",
                        "Unit": "None",
                    },
                    "Label": "own",
                    "ReturnData": True,
                },
            ],
            "StartTime": NOW - 3600,
            "EndTime": NOW + 60,
            "ScanBy": "TimestampAscending",
            "MaxDatapoints": 10,
        },
        "answer": {
            "MetricDataResults[0].Id": "q1",
            "MetricDataResults[0].Label": "own",
            "MetricDataResults[0].Values[0]": 2.5,
            "MetricDataResults[0].StatusCode": "Complete",
        },
    },
    "GetMetricStatistics": {
        "input": {
            "Namespace": "$namespace",
            "MetricName": "m",
            "Dimensions": DIMENSIONS,
            "StartTime": NOW - 3600,
            "EndTime": NOW + 60,
            "Period": 60,
            "Statistics": ["Sum", "SampleCount"],
            "ExtendedStatistics": ["p99"],
            "Unit": "None",
        },
        "free": ["Namespace", "MetricName"],
        "answer": {"Label": "m", "Datapoints[0].Sum": 2.5, "Datapoints[0].ExtendedStatistics.p99": 2.5},
    },
    "ListMetrics": {
        "input": {"Namespace": "$namespace", "MetricName": "m", "Dimensions": DIMENSIONS, "RecentlyActive": "PT3H"},
        "free": ["Namespace", "MetricName"],
        "answer": {"Metrics[0].Namespace": "$namespace", "Metrics[0].Dimensions[0].Name": "a"},
    },
    "ListTagsForResource": {
        "input": {"ResourceARN": "$alarm_arn"},
        "answer": {"Tags[0].Key": "a", "Tags[0].Value": "b"},
    },
    "PutMetricAlarm": [
        {
            "input": {
                "AlarmName": "$new",
                "AlarmDescription": "own",
                "ActionsEnabled": True,
                "OKActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
                "AlarmActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
                "InsufficientDataActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
                "Unit": "Count",
                "Tags": [{"Key": "a", "Value": "b"}],
                **ALARM,
            },
            "free": ["Namespace", "MetricName"],
        },
        {
            "input": {
                **{name: value for name, value in ALARM.items() if name != "Statistic"},
                "AlarmName": "$new",
                "ExtendedStatistic": "p95",
                "EvaluateLowSampleCountPercentile": "evaluate",
            },
        },
    ],
    "PutMetricData": {
        "input": {
            "Namespace": "Own",
            "MetricData": [
                {
                    "MetricName": "m",
                    "Dimensions": DIMENSIONS,
                    "Timestamp": NOW,
                    "Values": [1.5, 2],
                    "Counts": [1, 2],
                    "Unit": "Count",
                    "StorageResolution": 60,
                },
                {
                    "MetricName": "m",
                    "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1},
                },
            ],
        },
        "free": ["Namespace"],
    },
    "SetAlarmState": {
        "input": {
            "AlarmName": "$alarm",
            "StateValue": "OK",
            "StateReason": "by hand",
            "StateReasonData": "{}",
        },
        "free": ["StateReason"],
    },
    "TagResource": {"input": {"ResourceARN": "$alarm_arn", "Tags": [{"Key": "c", "Value": "d"}]}},
    "UntagResource": {"input": {"ResourceARN": "$alarm_arn", "TagKeys": ["a"]}},
}

PAGES = {
    "DescribeAlarmHistory": {
        "make": {
            "call": "monitoring.PutMetricAlarm",
            "input": {"AlarmName": "paged.$new", **ALARM},
            "is": "join('', ['Alarm \"', input.AlarmName, '\" created'])",
        },
        "input": {"HistoryItemType": "ConfigurationUpdate"},
        "items": "AlarmHistoryItems[].HistorySummary",
        "tokens": {"limit_key": "MaxRecords"},
    },
    "DescribeAlarms": {
        "make": {
            "call": "monitoring.PutMetricAlarm",
            "input": {"AlarmName": "paged.$new", **ALARM},
            "is": "input.AlarmName",
        },
        "remove": {"call": "monitoring.DeleteAlarms", "input": {"AlarmNames": ["$item"]}},
        "input": {"AlarmNamePrefix": "paged."},
        "items": "MetricAlarms[].AlarmName",
        "tokens": {"limit_key": "MaxRecords"},
    },
    "GetMetricData": {
        "input": {
            "MetricDataQueries": [
                {
                    "Id": "q1",
                    "MetricStat": {
                        "Metric": {"Namespace": "$namespace", "MetricName": "m", "Dimensions": DIMENSIONS},
                        "Period": 60,
                        "Stat": "Sum",
                    },
                },
            ],
            "StartTime": NOW - 3600,
            "EndTime": NOW + 60,
        },
        "items": "MetricDataResults[].Id",
    },
    "ListMetrics": {"input": {"Namespace": "$namespace"}, "items": "Metrics[].MetricName"},
}
