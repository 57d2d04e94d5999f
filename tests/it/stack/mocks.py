"""Runs a Pulumi program (its folder is the first argument, NAME=VALUE of its configuration may follow) under mocks and
prints what it would make, with the types of the real AWS provider: an argument that a type does not have ends it."""

import json
import runpy
import sys

import pulumi

made = []


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        made.append({"type": args.typ, "name": args.name, "inputs": args.inputs, "import": args.resource_id or "",
                     "provider": args.provider or ""})
        name = args.inputs.get("name", args.name)
        known = {"arn": f"arn:aws:mock:::{name}", "name": name, "executionArn": "arn:aws:execute-api:mock"}
        known["invokeArn"] = "arn:aws:apigateway:mock"
        known["invokeUrl"] = "https://mock"
        return f"id-of-{args.name}", {**known, **args.inputs}

    def call(self, args):
        return {"accountId": "000000000000", "account_id": "000000000000"}


folder = sys.argv[1]
sys.path.insert(0, folder)
pulumi.runtime.set_mocks(Mocks(), preview=False)
given = dict(argument.split("=", 1) for argument in sys.argv[2:])
given = {f"{pulumi.get_project()}:{name}": value for name, value in given.items()}
pulumi.runtime.set_all_config({"aws:region": "us-east-1", **given})


@pulumi.runtime.test
def program():
    runpy.run_path(f"{folder}/__main__.py", run_name="__main__")


program()
print(json.dumps(made, default=str))
