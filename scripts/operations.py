#!/usr/bin/env python3
"""Prints the table of a service's operations from AWS's public model (botocore, from PyPI).

Usage: scripts/operations.py lambda > src/emulator/lambda/operations.txt
       scripts/operations.py apigateway members > src/emulator/apigateway/members.txt

The second, of a service that speaks JSON or CBOR, is the table of the inputs' members: a line is an operation's name
and the paths of all its members, `*` being any key of a map.

Of a service whose calls name their operation the first table is these names, one a line. Of a REST service a line is:
method, path with the members that it holds, status of the answer, name, and where other members stand:
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


def paths(shape, name_of, before="", seen=()):
    """Yields the paths of what is in a shape; of one that is in itself only the first time."""
    if shape.type_name == "list":
        yield from paths(shape.member, name_of, before, seen)
    elif shape.type_name == "map":
        yield from paths(shape.value, name_of, f"{before}*.", seen)
    elif shape.type_name == "structure" and shape.name not in seen:
        for member, one in shape.members.items():
            path = before + name_of(member, one, before)
            yield path
            yield from paths(one, name_of, f"{path}.", (*seen, shape.name))


def members(operation):
    """Writes the members of one operation's input, by the names by which they are read."""
    as_written = operation.service_model.service_name in AS_WRITTEN
    own = lambda member, one, before: member if not (before or as_written) else one.serialization.get("name", member)
    shape = operation.input_shape
    return " ".join([operation.name, *(paths(shape, own) if shape else ())])


def main():
    """Prints the table of the service that is named."""
    model = botocore.session.get_session().get_service_model(sys.argv[1])
    if sys.argv[2:] == ["members"]:
        print("\n".join(members(model.operation_model(name)) for name in sorted(model.operation_names)))
        return
    if model.metadata["protocol"] not in ("rest-json", "rest-xml"):
        print("\n".join(sorted(model.operation_names)))
        return
    lines = [line(model.operation_model(name)) for name in model.operation_names]
    print("\n".join(sorted(lines, key=lambda text: ("?" not in text.split()[1], text.split()[1], text))))


if __name__ == "__main__":
    main()
