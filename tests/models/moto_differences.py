"""Where moto's server and the embedded engine answer the same call otherwise: who is right, and why.

`opinion` compares the two. A row is of a service: its operations (`*` for any), the path of what differs, who is right,
and the reason with its source. A `*` in a path stands for any part of it. What is compared has four kinds of paths: a
member of the answer (`[]` is each element of a list, at the end of a path how many there are), `code` for success and
the codes of refusals, `absent` for what one of them has no answer to, and `setting` for what a row needs and one of
them cannot make. Each operation that a row names must differ there; else the row is to go. Only what is `PASSING` need
not: that differs until something has come about by itself.

The sources: the API reference of each service (a page for each operation and type), whose words botocore's models
hold; and the answers of AWS that LocalStack's tests have recorded (`*.snapshot.json`, by the test's name).
"""

import re

from moto_apigateway import REST_APIS
from moto_ec2 import EC2
from moto_words import BOTH, HERE, MOTO, NO_FILTER, NO_MEMBER, NO_OPERATION, NO_SETTING, PASSING

EVENTS = [
    ("CreateEventBus", "Description", HERE, NO_MEMBER),
    (
        "DescribeEventBus", "CreationTime", MOTO,
        "recorded by test_remove_permission[default]: the default bus has one too; here nothing has a time before "
        "the first call",
    ),
    (
        "DescribeEventBus", "LastModifiedTime", MOTO,
        "the same record, for a bus that was changed; here the default bus has it then",
    ),
    (
        "DescribeReplay", "Destination.FilterArns", BOTH,
        "the member is optional; none were given, and no recorded answer has such a replay",
    ),
    (
        "DescribeReplay ListReplays", "*State", HERE,
        "StartReplay answers STARTING, and a replay goes on by itself; in moto it is over at once",
        PASSING,
    ),
    (
        "DescribeReplay ListReplays", "*ReplayEndTime", HERE,
        "a replay that goes on has no end: it is not in the recorded answer before COMPLETED",
        PASSING,
    ),
    (
        "ListEventBuses", "EventBuses[].*Time", HERE,
        "recorded by test_create_list_describe_delete_custom_event_buses: both times are in the list",
    ),
    (
        "PutEvents", "absent", HERE,
        "moto answers 500 as soon as a rule that matches has a target of another kind than those it knows",
    ),
    (
        "RemovePermission", "code", HERE,
        "recorded by test_put_permission: a principal's second statement stands beside its first; moto removes the "
        "first",
    ),
    ("TestEventPattern", "Result", HERE, "moto's operation does nothing; the pattern matches the event"),
    ("UpdateEventBus", "absent", HERE, NO_OPERATION),
]

OF_ALARMS = "DescribeAlarms DescribeAlarmsForMetric"
MONITORING = [
    ("DescribeAlarmHistory DisableAlarmActions EnableAlarmActions PutCompositeAlarm", "absent", HERE, NO_OPERATION),
    ("DescribeAlarms", "setting", HERE, NO_SETTING),
    (
        OF_ALARMS, "MetricAlarms[]", HERE,
        NO_FILTER + " (AlarmTypes and StateValue beside names; Statistic, Period and Unit)",
    ),
    (
        OF_ALARMS, "MetricAlarms[].Metrics", HERE,
        "recorded by test_describe_alarms_converts_date_format_correctly: an alarm of one metric has no list of "
        "queries",
    ),
    (OF_ALARMS, "MetricAlarms[].StateReasonData", HERE, "the same record: an alarm that was never evaluated has none"),
    (OF_ALARMS, "MetricAlarms[].StateTransitionedTimestamp", HERE, "the same record has it"),
    (OF_ALARMS, "MetricAlarms[].StateValue", HERE, "PutMetricAlarm: the state of a new alarm is INSUFFICIENT_DATA"),
    ("GetMetricData", "Messages", HERE, "recorded by test_get_metric_data_for_multiple_metrics: an empty list"),
    (
        "GetMetricData", "MetricDataResults[].Label", HERE,
        "the same record: without a label it is the metric's name alone",
    ),
    ("GetMetricData", "MetricDataResults[].StatusCode", HERE, NO_FILTER + " (MaxDatapoints)"),
    ("GetMetricData", "NextToken", HERE, NO_FILTER + " (MaxDatapoints)"),
    (
        "GetMetricData", "MetricDataResults[].*[]", HERE,
        "PutMetricData: a value without a unit has the unit None, by which moto does not find it; nor does moto "
        "compute an expression, or stop at MaxDatapoints",
    ),
    (
        "GetMetricStatistics", "Datapoints[]", HERE,
        "PutMetricData: a value without a unit has the unit None, by which moto does not find it",
    ),
]

IAM = [
    (
        "AddClientIDToOpenIDConnectProvider ListInstanceProfileTags ListServiceSpecificCredentials "
        "PutUserPermissionsBoundary RemoveClientIDFromOpenIDConnectProvider SimulateCustomPolicy "
        "SimulatePrincipalPolicy",
        "absent", HERE, NO_OPERATION,
    ),
    ("DeleteUserPermissionsBoundary", "setting", HERE, NO_SETTING),
    ("CreateLoginProfile", "LoginProfile.PasswordResetRequired", HERE, "it is what the call says"),
    ("CreateOpenIDConnectProvider", "Tags", HERE, NO_MEMBER),
    ("CreateUser", "User.PermissionsBoundary", HERE, NO_MEMBER),
    ("CreatePolicy GetPolicy ListPolicies", "*.PermissionsBoundaryUsageCount", HERE, NO_MEMBER),
    (
        "CreatePolicyVersion ListPolicyVersions", "*.Document", HERE,
        "PolicyVersion: the document is not returned in the response to CreatePolicyVersion or ListPolicyVersions",
    ),
    (
        "CreateRole", "Role.MaxSessionDuration", HERE,
        "recorded by test_role_with_path_lifecycle: only GetRole and ListRoles tell it",
    ),
    ("CreateRole", "Role.RoleLastUsed", HERE, "the same record: it is not in the answer"),
    (
        "UpdateRoleDescription", "Role.MaxSessionDuration", BOTH,
        "the member is optional, and no recorded answer has this operation",
    ),
    ("UpdateRoleDescription", "Role.RoleLastUsed", HERE, "an object without members is none of AWS's answers"),
    (
        "CreateRole", "Role.PermissionsBoundary.PermissionsBoundaryType", HERE,
        "what people print of AWS's GetRole and GetUser says Policy; only the enumeration of the model says otherwise",
    ),
    (
        "GetAccountPasswordPolicy", "PasswordPolicy.HardExpiry", BOTH,
        "the reference's XML has it, the CLI's example of the same operation has not",
    ),
    (
        "GetAccountPasswordPolicy", "PasswordPolicy.MaxPasswordAge", HERE,
        "0 is no value of its type, which begins with 1; without an age passwords do not expire",
    ),
    (
        "GetAccountSummary", "SummaryMap.AccountAccessKeysPresent", BOTH,
        "the key of the installation is the root user's here, and nobody's in moto",
    ),
    (
        "GetAccountSummary", "SummaryMap.AccountPasswordPresent", HERE,
        "GetAccountSummary has it among the keys of its map",
    ),
    (
        "GetAccountSummary", "SummaryMap.PolicyVersionsInUse", BOTH,
        "the reference does not say what is counted: here all versions, in moto attachments",
    ),
    (
        "GetGroup ListAccessKeys ListAccountAliases ListGroupPolicies ListGroups ListInstanceProfiles "
        "ListInstanceProfilesForRole ListPolicyVersions ListSSHPublicKeys ListSigningCertificates",
        "IsTruncated", HERE, NO_MEMBER,
    ),
    (
        "GetInstanceProfile ListInstanceProfiles", "*.Roles[].*", HERE,
        "the reference's examples show a role inside a profile without tags, duration and last use",
    ),
    (
        "ListInstanceProfiles", "InstanceProfiles[].Tags", HERE,
        "ListInstanceProfiles: tags are not returned, GetInstanceProfile has them",
    ),
    (
        "GetUser", "User.*", HERE,
        "GetUser without a name tells the caller, here the root user; moto knows a user of its own",
    ),
    (
        "ListEntitiesForPolicy", "Policy*[]", HERE,
        NO_FILTER + " (PolicyUsageFilter), and does not find who has the policy as a boundary",
    ),
    ("ListGroups ListInstanceProfiles", "*s[]", HERE, NO_FILTER + " (PathPrefix)"),
    ("ListGroups", "Groups[].*", HERE, "moto does not read the path that UpdateGroup gives"),
    ("ListPolicies", "Policies[].*", BOTH, "AWS's own policies are of the day on which each of the two took them down"),
]

LAMBDA = [
    (
        "DeleteFunctionCodeSigningConfig GetAccountSettings GetFunctionRecursionConfig GetRuntimeManagementConfig "
        "ListCodeSigningConfigs ListFunctionUrlConfigs ListProvisionedConcurrencyConfigs PutFunctionRecursionConfig "
        "PutProvisionedConcurrencyConfig PutRuntimeManagementConfig",
        "absent", HERE, NO_OPERATION,
    ),
    (
        "DeleteEventSourceMapping", "code", HERE,
        "DeleteEventSourceMapping: a mapping that is not there is a ResourceNotFoundException; moto answers with 200",
    ),
    ("DeleteProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig", "setting", HERE, NO_SETTING),
    ("*", "*LoggingConfig", HERE, NO_MEMBER),
    ("*", "*RevisionId", HERE, NO_MEMBER),
    ("*", "*Layers", HERE, "recorded by the tests of test_lambda_api: a function without layers has no list of them"),
    ("CreateFunction", "State*", HERE, "Lambda's states of functions: a new one is Pending until it can be called"),
    (
        "UpdateFunctionCode UpdateFunctionConfiguration", "LastUpdateStatus*", HERE,
        "Lambda's states of functions: an update is InProgress until it is done",
    ),
    (
        "ListFunctions ListVersionsByFunction", "*.LastUpdateStatus", HERE,
        "ListFunctions: the states are not in lists, GetFunction has them",
    ),
    (
        "ListFunctions ListVersionsByFunction", "*.State", HERE,
        "ListFunctions: the states are not in lists, GetFunction has them",
    ),
    (
        "GetFunctionCodeSigningConfig", "CodeSigningConfigArn", BOTH,
        "no recorded answer has a function without such a configuration",
    ),
    (
        "*", "*DestinationConfig", HERE,
        "recorded by test_lambda_eventinvokeconfig_lifecycle: both destinations are there, and empty",
    ),
    ("*", "*FunctionArn", HERE, "the same record: the ARN ends in $LATEST"),
    (
        "UpdateFunctionEventInvokeConfig", "MaximumRetryAttempts", HERE,
        "the same record: an update leaves what it does not name",
    ),
    (
        "GetFunctionUrlConfig", "InvokeMode", HERE,
        "recorded by test_url_config_lifecycle: BUFFERED, and there is no other spelling in the model",
    ),
    (
        "UpdateFunctionUrlConfig", "InvokeMode", HERE,
        "the same record: an answer to an update has it where the call has",
    ),
    (
        "UpdateFunctionUrlConfig", "LastModifiedTime", HERE,
        "the model: ISO 8601 with a time zone, which moto leaves out",
    ),
    (
        "GetLayerVersion ListLayerVersions ListLayers", "*LicenseInfo", HERE,
        "recorded by test_layer_exceptions: without a licence the member is not there",
    ),
    ("GetLayerVersion", "Description", HERE, "the same record: without a description it is an empty text"),
    ("GetLayerVersionByArn", "*", HERE, "the same layer as in GetLayerVersion; moto's answer has none of its members"),
]

LOGS = [
    (
        "DescribeQueryDefinitions ListLogGroups PutLogGroupDeletionProtection PutQueryDefinition StopQuery "
        "TestMetricFilter",
        "absent", HERE, NO_OPERATION,
    ),
    ("DeleteQueryDefinition DescribeQueryDefinitions PutQueryDefinition", "setting", HERE, NO_SETTING),
    ("DescribeLogGroups", "logGroups[]", HERE, NO_FILTER + " (logGroupIdentifiers)"),
    ("DescribeLogGroups", "logGroups[].deletionProtectionEnabled", HERE, NO_MEMBER),
    ("DescribeLogGroups", "logGroups[].logGroupClass", HERE, NO_MEMBER),
    ("DescribeLogGroups", "logGroups[].metricFilterCount", HERE, "the group has a filter; moto's count is always 0"),
    (
        "DescribeLogGroups", "logGroups[].storedBytes", BOTH,
        "LogGroup: the bytes that are stored, and no more is said; here with what each event costs beside its text",
    ),
    ("DescribeLogStreams", "logStreams[].storedBytes", HERE, "LogStream: as of June 17, 2019, always zero"),
    ("DescribeMetricFilters DescribeSubscriptionFilters", "*.applyOnTransformedLogs", HERE, NO_MEMBER),
    ("DescribeMetricFilters", "metricFilters[].creationTime", HERE, NO_MEMBER),
    ("DescribeQueries", "queries[]", HERE, NO_FILTER + " (status, queryLanguage)"),
    (
        "DescribeQueries", "queries[].createTime", HERE,
        "the model: a whole number of milliseconds; moto answers a fraction",
    ),
    ("DescribeQueries GetQueryResults", "*queryLanguage", HERE, NO_MEMBER),
    (
        "DescribeQueries", "queries[].queryString", BOTH,
        "the member is the query's text; AWS writes its groups and times before it, which no recorded answer shows",
    ),
    ("DescribeSubscriptionFilters", "subscriptionFilters[]", HERE, NO_FILTER + " (filterNamePrefix)"),
    ("FilterLogEvents", "code", HERE, NO_FILTER + " (logGroupIdentifier)"),
    ("FilterLogEvents", "events[]", HERE, NO_FILTER + " (logStreamNamePrefix)"),
    ("FilterLogEvents", "searchedLogStreams[]", HERE, "FilterLogEvents: as of May 15, 2020, an empty list"),
    ("GetQueryResults", "nextToken", HERE, NO_FILTER + " (maxItems)"),
    ("GetQueryResults", "results[]", HERE, NO_FILTER + " (maxItems)"),
    ("GetQueryResults", "statistics", HERE, NO_MEMBER),
    (
        "PutLogEvents", "rejectedLogEventsInfo.tooOldLogEventEndIndex", HERE,
        "RejectedLogEventsInfo: the index is exclusive, so that of the first event is 1",
    ),
    ("PutResourcePolicy", "resourcePolicy.policyScope", HERE, NO_MEMBER),
]

STS = [
    (
        "AssumeRole", "PackedPolicySize", HERE,
        "AssumeRole: how much of their room the policies and tags of the session take, and there are none; moto's is "
        "always 6",
    ),
    ("AssumeRole", "SourceIdentity", HERE, NO_MEMBER),
    ("DecodeAuthorizationMessage", "absent", HERE, NO_OPERATION),
    (
        "GetCallerIdentity", "*", BOTH,
        "the key of the installation is the root user's here, and that of a user of its own in moto",
    ),
]

HTTP_APIS = [
    ("GetAuthorizers GetDeployments GetModels GetRouteResponses ImportApi", "absent", HERE, NO_OPERATION),
    (
        "CreateDeployment DeleteAccessLogSettings DeleteDeployment DeleteRouteSettings DeleteStage ExportApi "
        "GetDeployment GetStage ResetAuthorizersCache UpdateStage",
        "setting", HERE, NO_SETTING + ": CreateDeployment",
    ),
    ("CreateApi GetApi ReimportApi UpdateApi", "IpAddressType", HERE, NO_MEMBER),
    (
        "CreateIntegration GetIntegration UpdateIntegration", "ConnectionType", HERE,
        "the CLI's examples of CreateIntegration show INTERNET, which is the default",
    ),
    (
        "CreateRoute GetRoute UpdateRoute", "RequestParameters", HERE,
        "the CLI's example of CreateRoute has no such member for a route without parameters",
    ),
    ("CreateStage", "DeploymentId", BOTH, "the stage deploys by itself, and may have done so or not when it is shown"),
    (
        "CreateStage", "LastDeploymentStatusMessage", BOTH,
        "the stage deploys by itself, and may have done so or not when it is shown",
    ),
    (
        "CreateStage", "RouteSettings.*.DetailedMetricsEnabled", BOTH,
        "the member is optional, and no recorded answer has a route with other settings only",
    ),
    ("GetApis", "Items[]", HERE, "moto lacks the API that its ImportApi did not make"),
]

# The services that are compared.
SERVICES = {
    "apigateway": REST_APIS,
    "apigatewayv2": HTTP_APIS,
    "ec2": EC2,
    "events": EVENTS,
    "iam": IAM,
    "lambda": LAMBDA,
    "logs": LOGS,
    "monitoring": MONITORING,
    "sts": STS,
}


def unknown_and_gone(service, found):
    """What is found and not on the list, and what is on the list and not found, each as an operation and a path."""
    gone, known = [], set()
    for operations, path, _, _, *passing in SERVICES[service]:
        pattern = re.compile(".*".join(map(re.escape, path.split("*"))))
        matching = {(operation, member) for operation, member in found if pattern.fullmatch(member)}
        for named in operations.split():
            of_it = {pair for pair in matching if named in ("*", pair[0])}
            known |= of_it
            if not of_it and not passing:
                gone.append((named, path))
    return sorted(set(found) - known), gone
