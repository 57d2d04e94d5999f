"""What an import of CloudFormation's demands of a template and of the list beside it, as a rule for cfn-lint.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
"""

import json
import pathlib

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER


class Importable(CloudFormationLintRule):
    id = "E9901"
    shortdesc = "The template can be imported"
    description = "Every resource is told by its primary identifier and outlives the stack, and there are no outputs"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html"
    tags = ["import"]

    def match(self, cfn):
        matches = []

        def wrong(path, message):
            matches.append(RuleMatch(path, message))

        beside = pathlib.Path(cfn.filename).with_name("resources-to-import.json")
        listed = {one["LogicalResourceId"]: one for one in json.loads(beside.read_text())}
        resources = cfn.template["Resources"]
        if "Outputs" in cfn.template:
            wrong(["Outputs"], "An import cannot add outputs")
        for name in listed.keys() - resources.keys():
            wrong(["Resources"], f"{name} is listed and not in the template")
        for name, resource in resources.items():
            path, kind = ["Resources", name], resource["Type"]
            one = listed.get(name)
            if one is None:
                wrong(path, f"{name} is not listed, and an import makes nothing")
                continue
            if "DeletionPolicy" not in resource:
                wrong(path, f"{name} has no DeletionPolicy")
            if one["ResourceType"] != kind:
                wrong(path, f"{name} is listed as {one['ResourceType']}")
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
            wanted = {pointer.removeprefix("/properties/") for pointer in schema["primaryIdentifier"]}
            if one["ResourceIdentifier"].keys() != wanted:
                wrong(path, f"{name} is told by {sorted(one['ResourceIdentifier'])}, not by {sorted(wanted)}")
            for key, value in one["ResourceIdentifier"].items():
                if not isinstance(value, str) or not value:
                    wrong(path, f"the {key} of {name} is no text")
        return matches
