#!/usr/bin/env python3
"""Prints the table of a REST service's operations from AWS's public model (botocore, from PyPI).

Usage: scripts/operations.py lambda > src/emulator/lambda/operations.txt

A line is: method, path with the members that it holds, status of the answer, name, and where other members stand:
`?name=Member:type` in the query string, `@Header=Member` in a header, `=Member` is the body as it comes,
`.name=Member` has another name in a body of members. The type is left out for texts; `=Member` is left out where it is
the name, and so are the body's members that have their own. Paths with a query of their own stand first.
"""

import re
import sys

import botocore.session

# What the model leaves out, as every SDK adds it by itself.
EXTRA = {"Invoke": ["@X-Amzn-Trace-Id=TraceId"]}
TYPES = {"integer": "integer", "long": "integer", "boolean": "boolean", "list": "list", "map": "map"}


# What is read by the names that stand on the wire: there every member has its own in another spelling.
AS_WRITTEN = {"apigatewayv2"}


def place(shape, member, as_written):
    """Says where a member stands, or nothing for one of the body that has its own name there."""
    where = shape.serialization.get("location")
    name = shape.serialization.get("name", member)
    member = name if as_written else member
    kind = TYPES.get(shape.type_name)
    said = (name if name == member else f"{name}={member}") + (f":{kind}" if kind else "")
    renamed = f".{name}={member}" if where is None and name != member else None
    return {"querystring": f"?{said}", "header": f"@{said}"}.get(where, renamed)


def line(operation):
    """Writes one operation."""
    shape = operation.input_shape
    as_written = operation.service_model.service_name in AS_WRITTEN
    members = shape.members if shape else {}
    names = {
        one.serialization["name"]: one.serialization["name"] if as_written else name
        for name, one in members.items()
        if one.serialization.get("location") == "uri"
    }
    # An ARN in a path may come with its slashes unescaped.
    whole = lambda name: f"{{{name}+}}" if "/tags/" in operation.http["requestUri"] else f"{{{name}}}"
    path = re.sub(r"{([\w-]+)\+?}", lambda label: whole(names[label[1]]), operation.http["requestUri"])
    places = [place(one, name, as_written) for name, one in members.items()] + EXTRA.get(operation.name, [])
    payload = shape.serialization.get("payload") if shape else None
    raw = payload and members[payload].type_name == "blob"
    words = [operation.http["method"], path, str(operation.http.get("responseCode", 200)), operation.name]
    return " ".join(words + [said for said in places if said] + ([f"={payload}"] if raw else []))


def main():
    """Prints the table of the service that is named."""
    model = botocore.session.get_session().get_service_model(sys.argv[1])
    lines = [line(model.operation_model(name)) for name in model.operation_names]
    print("\n".join(sorted(lines, key=lambda text: ("?" not in text.split()[1], text.split()[1], text))))


if __name__ == "__main__":
    main()
