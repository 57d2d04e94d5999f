"""The function behind the API: `atelier deploy --watch` ships it whenever it is saved."""

import json
import os


def handler(event, context):
    """Answers one request; `event` is what API Gateway hands to a function."""
    path = event.get("path", "/")
    query = event.get("queryStringParameters") or {}
    if path == "/":
        return answer(200, {"message": f"hello {query.get('name', 'world')}"})
    if path == "/instance":
        # The stack's EC2 instance: boto3.client("ec2").start_instances(InstanceIds=[...])
        return answer(200, {"instance_id": os.environ["INSTANCE_ID"]})
    return answer(404, {"error": "not found"})


def answer(status, body):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }
