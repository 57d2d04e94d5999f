"""What tests with the fixtures look like."""

import json
import urllib.request

import boto3


def get(stack, query):
    with urllib.request.urlopen(f"{stack['url']}/infra?{query}", timeout=30) as answer:
        return json.load(answer)


def test_the_api_stops_and_starts_the_instance(stack):
    assert get(stack, "action=stop")["state"] == "stopped"
    ec2 = boto3.client("ec2")
    found = ec2.describe_instances(InstanceIds=[stack["instance_id"]])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] == "stopped"
    assert get(stack, "action=start")["state"] == "running"


def test_a_role_of_ones_own_is_there_and_goes_again():
    iam = boto3.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=json.dumps(trust))
    assert iam.get_role(RoleName="mine")["Role"]["RoleName"] == "mine"
    iam.delete_role(RoleName="mine")
