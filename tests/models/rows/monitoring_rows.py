"""CloudWatch."""

import time

NOW = int(time.time())

DIMENSIONS = [{"Name": "a", "Value": "b"}]
METRIC = {"Namespace": "Own", "MetricName": "m", "Dimensions": DIMENSIONS}
HOUR = {"StartTime": NOW - 3600, "EndTime": NOW + 60}
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

DASHBOARD = '{"widgets":[{"type":"text","x":0,"y":0,"width":6,"height":2,"properties":{"markdown":"own"}}]}'

# What an expression makes of two metrics.
QUERIES = [
    {
        "Id": "m1",
        "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum", "Unit": "Count"},
        "Label": "own",
        "ReturnData": False,
    },
    {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
]

FIXTURES = {
    "composite": {
        "call": "monitoring.PutCompositeAlarm",
        "input": {"AlarmName": "$new", "AlarmRule": "ALARM($alarm)", "AlarmDescription": "own"},
        "is": "input.AlarmName",
    },
    "dashboard": {
        "call": "monitoring.PutDashboard",
        "input": {"DashboardName": "$new", "DashboardBody": DASHBOARD},
        "is": "input.DashboardName",
    },
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
    "changed_alarm": {
        "call": "monitoring.PutMetricAlarm",
        "input": {**ALARM, "AlarmName": "$alarm", "Threshold": 3.5},
        "is": "input.AlarmName",
    },
    "alarmed_metric": {
        "call": "monitoring.PutMetricAlarm",
        "input": {**ALARM, "AlarmName": "$new", "MetricName": "$new"},
        "is": "input.MetricName",
    },
    "lasting": {
        "call": "monitoring.PutMetricData",
        "input": {
            "Namespace": "$new",
            "MetricData": [
                {"MetricName": "m", "Dimensions": DIMENSIONS, "Value": float(ago), "Timestamp": NOW - 60 * ago}
                for ago in (2, 4)
            ],
        },
        "is": "input.Namespace",
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
    {"call": "monitoring.DescribeAlarms", "input": {"AlarmNames": ["$name"]}},
    {"call": "monitoring.ListMetrics", "input": {"Namespace": "Own.Data"}},
    {"call": "monitoring.DescribeAlarms", "input": {"AlarmTypes": ["CompositeAlarm"]}},
    {"call": "monitoring.DescribeAlarms", "input": {"AlarmNames": ["$name"], "AlarmTypes": ["CompositeAlarm"]}},
    {"call": "monitoring.DescribeAlarmHistory"},
    {"call": "monitoring.ListDashboards"},
    {"call": "monitoring.ListTagsForResource", "input": {"ResourceARN": "$alarm_arn"}},
]

ROWS = {
    "DeleteDashboards": {"input": {"DashboardNames": ["$dashboard"]}},
    "GetDashboard": {
        "input": {"DashboardName": "$dashboard"},
        "answer": {"DashboardName": "$dashboard", "DashboardBody": DASHBOARD, "DashboardArn": ...},
    },
    "ListDashboards": [
        {
            "input": {"DashboardNamePrefix": "$dashboard"},
            "free": ["DashboardNamePrefix"],
            "answer": {
                "DashboardEntries[0].DashboardName": "$dashboard",
                "DashboardEntries[0].Size": len(DASHBOARD),
                "DashboardEntries[0].LastModified": ...,
            },
        },
        {"input": {"DashboardNamePrefix": "of-nothing"}, "answer": {"DashboardEntries": []}},
    ],
    "PutDashboard": {
        "input": {"DashboardName": "$new", "DashboardBody": DASHBOARD, "Tags": [{"Key": "a", "Value": "b"}]},
        "answer": {"DashboardValidationMessages": []},
    },
    "PutCompositeAlarm": {
        "input": {
            "AlarmName": "$name",
            "AlarmRule": "ALARM($alarm) AND NOT OK($alarm)",
            "AlarmDescription": "own",
            "ActionsEnabled": False,
            "OKActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
            "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:t"],
            "InsufficientDataActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    },
    "DeleteAlarms": {"input": {"AlarmNames": ["$alarm"]}, "free": ["AlarmNames"]},
    "DescribeAlarmHistory": [
        {
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
        *(
            {"input": {"AlarmName": "$changed_alarm", **other}, "answer": {"AlarmHistoryItems": []}}
            for other in (
                {"AlarmTypes": ["CompositeAlarm"]},
                {"HistoryItemType": "Action"},
                {"StartDate": NOW + 3600},
                {"EndDate": NOW - 3600},
            )
        ),
        {
            "input": {
                "AlarmName": "$changed_alarm",
                "HistoryItemType": "ConfigurationUpdate",
                "ScanBy": "TimestampAscending",
            },
            "answer": {"AlarmHistoryItems[1].HistorySummary": 'Alarm "$alarm" updated'},
        },
    ],
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
        {"input": {"AlarmNames": ["$alarm"], "AlarmTypes": ["CompositeAlarm"]}, "answer": {"MetricAlarms": []}},
        {
            "input": {"AlarmNames": ["$composite"], "AlarmTypes": ["CompositeAlarm"]},
            "answer": {
                "CompositeAlarms[0].AlarmName": "$composite",
                "CompositeAlarms[0].AlarmRule": "ALARM($alarm)",
                "CompositeAlarms[0].StateValue": "OK",
            },
        },
        {
            "input": {"ChildrenOfAlarmName": "$composite"},
            "free": ["ChildrenOfAlarmName"],
            "answer": {"MetricAlarms[0].AlarmName": "$alarm", "CompositeAlarms": []},
        },
        {
            "input": {"ParentsOfAlarmName": "$alarm"},
            "free": ["ParentsOfAlarmName"],
            "answer": {"MetricAlarms": [], "CompositeAlarms": ...},
        },
        {"input": {"AlarmNames": ["$alarm"], "StateValue": "ALARM"}, "answer": {"MetricAlarms": []}},
    ],
    "DescribeAlarmsForMetric": [
        {
            "input": {**METRIC, "Statistic": "Sum", "Period": 60},
            "free": ["Namespace", "MetricName"],
            "answer": {"MetricAlarms": ...},
        },
        {
            "input": {**METRIC, "MetricName": "$alarmed_metric", "Statistic": "Sum"},
            "answer": {"MetricAlarms[0].MetricName": "$alarmed_metric"},
        },
        *(
            {"input": {**METRIC, "MetricName": "$alarmed_metric", **other}, "answer": {"MetricAlarms": []}}
            for other in ({"Statistic": "Average"}, {"Period": 300}, {"Unit": "Count"})
        ),
    ],
    "DisableAlarmActions": {"input": {"AlarmNames": ["$alarm"]}, "free": ["AlarmNames"]},
    "EnableAlarmActions": {"input": {"AlarmNames": ["$alarm"]}, "free": ["AlarmNames"]},
    "GetMetricData": [
        {
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
                **HOUR,
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
        {
            "input": {
                "MetricDataQueries": [
                    {
                        "Id": "m1",
                        "MetricStat": {
                            "Metric": {"Namespace": "$namespace", "MetricName": "m", "Dimensions": DIMENSIONS},
                            "Period": 60,
                            "Stat": "Sum",
                        },
                        "ReturnData": False,
                    },
                    {"Id": "e1", "Expression": "m1 * 2", "Label": "twice", "Period": 60},
                ],
                **HOUR,
            },
            "answer": {"MetricDataResults[0].Label": "twice", "MetricDataResults[0].Values[0]": 5.0},
        },
        *(
            {
                "input": {
                    "MetricDataQueries": [
                        {
                            "Id": "q1",
                            "MetricStat": {
                                "Metric": {"Namespace": "$lasting", "MetricName": "m", "Dimensions": DIMENSIONS},
                                "Period": 60,
                                "Stat": "Sum",
                            },
                        },
                    ],
                    **HOUR,
                    **member,
                },
                "answer": {"MetricDataResults[0].Values": values},
            }
            for member, values in (({"ScanBy": "TimestampAscending"}, [4.0, 2.0]), ({"MaxDatapoints": 1}, [2.0]))
        ),
    ],
    "GetMetricStatistics": [
        {
            "input": {
                **METRIC,
                "Namespace": "$namespace",
                **HOUR,
                "Period": 60,
                "Statistics": ["Sum", "SampleCount"],
                "ExtendedStatistics": ["p99"],
                "Unit": "None",
            },
            "free": ["Namespace", "MetricName"],
            "answer": {"Label": "m", "Datapoints[0].Sum": 2.5, "Datapoints[0].ExtendedStatistics.p99": 2.5},
        },
        {
            "input": {**METRIC, "Namespace": "$namespace", **HOUR, "Period": 60, "Statistics": ["Sum"], "Unit": "Count"},
            "answer": {"Datapoints": []},
        },
    ],
    "ListMetrics": [
        {
            "input": {"Namespace": "$namespace", "MetricName": "m", "Dimensions": DIMENSIONS, "RecentlyActive": "PT3H"},
            "free": ["Namespace", "MetricName"],
            "answer": {"Metrics[0].Namespace": "$namespace", "Metrics[0].Dimensions[0].Name": "a"},
        },
        {"input": {"Namespace": "$namespace", "MetricName": "other"}, "answer": {"Metrics": []}},
        {"input": {"Namespace": "$namespace", "Dimensions": [{"Name": "other"}]}, "answer": {"Metrics": []}},
    ],
    "ListTagsForResource": {
        "input": {"ResourceARN": "$alarm_arn"},
        # What is not there has no tags.
        "free": ["ResourceARN"],
        "answer": {"Tags[0].Key": "a", "Tags[0].Value": "b"},
    },
    "PutMetricAlarm": [
        {
            "input": {
                **ALARM,
                "AlarmName": "$name",
                # One that no other alarm has, and no data.
                "MetricName": "$name",
                "AlarmDescription": "own",
                "ActionsEnabled": False,
                "OKActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
                "AlarmActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
                "InsufficientDataActions": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
                "Unit": "Count",
                "Tags": [{"Key": "a", "Value": "b"}],
            },
            "free": ["Namespace", "MetricName"],
        },
        {
            "input": {
                **{name: value for name, value in ALARM.items() if name != "Statistic"},
                "AlarmName": "$name",
                "MetricName": "$name",
                "ExtendedStatistic": "p95",
                "EvaluateLowSampleCountPercentile": "evaluate",
            },
        },
        {
            "input": {
                "AlarmName": "$name",
                "Metrics": QUERIES,
                "EvaluationPeriods": 1,
                "Threshold": 1.5,
                "ComparisonOperator": "GreaterThanThreshold",
            },
        },
    ],
    "PutMetricData": {
        "input": {
            # No alarm looks at it: none changes because a minute is over.
            "Namespace": "Own.Data",
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
        # Bad calls in another protocol may have made an alarm of the same name twice.
        "items": "AlarmHistoryItems[?starts_with(AlarmName, 'paged.')].HistorySummary",
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
                        "Metric": {"Namespace": "$lasting", "MetricName": "m", "Dimensions": DIMENSIONS},
                        "Period": 60,
                        "Stat": "Sum",
                    },
                },
            ],
            "StartTime": NOW - 3600,
            "EndTime": NOW + 60,
        },
        # Nobody can remove a datapoint.
        "items": "MetricDataResults[].Values[]",
        "least": 2,
    },
    "ListDashboards": {
        "make": {
            "call": "monitoring.PutDashboard",
            "input": {"DashboardName": "paged-$new", "DashboardBody": DASHBOARD},
            "is": "input.DashboardName",
        },
        "remove": {"call": "monitoring.DeleteDashboards", "input": {"DashboardNames": ["$item"]}},
        "input": {"DashboardNamePrefix": "paged-"},
        "items": "DashboardEntries[].DashboardName",
        # No page is smaller.
        "size": 1_000,
    },
    # Nobody can remove a metric, and no page is smaller than five hundred of them.
    "ListMetrics": {
        "make": {
            "call": "monitoring.PutMetricData",
            "input": {"Namespace": "$name", "MetricData": [{"MetricName": "$new", "Value": 1.0}]},
            "is": "input.MetricData[0].MetricName",
        },
        "input": {"Namespace": "$name"},
        "items": "Metrics[].MetricName",
        "size": 500,
        "count": 501,
    },
}
