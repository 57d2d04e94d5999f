"""A second opinion: the rows of a service's table against an engine and against moto's server, and where they differ.

    python opinion.py http://127.0.0.1:4566 KEY SECRET ACCOUNT SERVICE

Both get the same calls in the same order, under the same names. What is compared is whether a call is taken, the code
of the refusal, and each member of the answer, without the ids, times and addresses that are each one's own.
`moto_differences` lists the known differences, each with who is right and why: one that is not on the list is a fault,
and so is one on the list that is no more. The server runs in this process, and ends with it.
"""

import base64
import datetime
import importlib
import itertools
import json
import logging
import os
import re
import sys
import urllib.parse

import errors
import moto_differences
import scene
import wire

# No row makes as many names as this.
NAMES_OF_A_ROW = 1000
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
ID = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b[a-z]+-(?=[0-9a-f]*\d)[0-9a-f]{8,17}\b"
    r"|\bA[A-Z]{3}[A-Z0-9]{12,17}\b"
)
# Members that each side makes up for itself: that they are there is compared, not what they say.
OWN = {
    "ApiEndpoint", "FunctionUrl", "Location", "Marker", "NextToken", "SecretAccessKey", "SessionToken", "eventId",
    "nextBackwardToken", "nextForwardToken", "nextSequenceToken", "nextToken", "uploadSequenceToken",
}
# moto runs functions in containers, which it has to pull.
RUNS_FUNCTIONS = {"Invoke", "InvokeAsync", "InvokeWithResponseStream"}
# So much of a value is shown.
SHOWN = 300
# The milliseconds of this century.
MILLISECONDS = range(946_684_800_000, 4_102_444_800_000)


class Side:
    """One of the two that are asked."""

    def __init__(self, name, endpoint, credentials, account, table):
        self.services = wire.Services(endpoint, credentials)
        self.name, self.table = name, table
        words = {word: f"${word}" for word in getattr(table, "WORDS", ())}
        self.constants = {"account": account, "region": wire.REGION, **words}

    def outcome(self, service, operation, row, number):
        """What comes of a row's call: `setting`, `absent`, `code` or members by their paths."""
        scene.NUMBERS = itertools.count(number * NAMES_OF_A_ROW)
        place = scene.Scene(self.services, self.table.FIXTURES, self.constants)
        try:
            given = place.given(row)
        except Exception as error:  # The client falls over what it cannot read in more ways than one.
            return {"setting": f"cannot be made: {error}"}
        service = self.services[service]
        answer = service.send(service.draft(operation, given))
        if answer.status >= 500 or answer.body.startswith(b"<!doctype html>"):
            return {"absent": f"{answer.status} {answer.body.decode(errors='replace')}"}
        if not answer.is_success:
            return {"code": errors.read(service, answer)[0].code}
        try:
            parsed = service.parsed(operation, answer)
        except Exception as error:
            return {"code": f"success that cannot be read: {error}"}
        plain = Plain(place.made, service.host, given)
        return {"code": "success", **dict(plain.members(parsed))}


class Plain:
    """Takes from an answer what is its giver's own."""

    def __init__(self, made, host, given):
        names = {name: value for name, value in made.items() if is_name(name, value)}
        # An ARN before the name that it ends in.
        self.names = sorted(((value, f"${name}") for name, value in names.items()), key=lambda pair: -len(pair[0]))
        self.host = host
        self.given = json.dumps(given, default=str)

    def members(self, parsed):
        for name, value in parsed.items():
            yield name, self.value(name, value)

    def value(self, name, value):
        if isinstance(value, dict):
            return {str(self.text("", key)): self.value(key, item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(name, item) for item in value]
        if isinstance(value, datetime.datetime):
            return "<time>"
        if isinstance(value, int) and not isinstance(value, bool) and value in MILLISECONDS:
            return "<time>"
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        return self.text(name, value) if isinstance(value, str) else value

    def text(self, name, value):
        if name in OWN:
            return "<own>"
        if value.startswith(("{", "%7B")):
            try:
                # A document is the same however it is spaced, and whether it is quoted for a URL.
                return self.value(name, json.loads(urllib.parse.unquote(value)))
            except ValueError:
                pass
        for made, known in self.names:
            value = value.replace(made, known)
        if name.lower().endswith("id") and "$" not in value and json.dumps(value) not in self.given:
            return "<id>"
        return ID.sub("<id>", TIME.sub("<time>", value.replace(self.host, "<host>")))


def is_name(name, value):
    """Whether a value is known well enough by what the table calls it."""
    return name != "it" and isinstance(value, str) and len(value) > 3


def differences(path, here, there):
    """Yields the paths at which two plain values differ, with both."""
    if here == there:
        return
    if isinstance(here, dict) and isinstance(there, dict):
        for name in sorted(here.keys() | there.keys()):
            yield from differences(f"{path}.{name}" if path else name, here.get(name), there.get(name))
    elif isinstance(here, list) and isinstance(there, list):
        # Few lists have an order that is promised.
        ours, theirs = (sorted(map(as_text, one)) for one in (here, there))
        if len(ours) != len(theirs):
            yield f"{path}[]", f"{len(ours)} of them", f"{len(theirs)} of them"
        else:
            for pair in zip(ours, theirs, strict=True):
                yield from differences(f"{path}[]", *map(json.loads, pair))
    else:
        yield path, here, there


def as_text(value):
    return json.dumps(value, sort_keys=True, default=str)


def compared(here, there):
    """Yields the differences of two outcomes; where one of them is no answer, nothing else can be said."""
    for word in ("setting", "absent", "code"):
        if here.get(word) != there.get(word):
            yield word, here.get(word), there.get(word)
            return
    yield from differences("", here, there)


def found(service, sides, table):
    """The differences by operation and path, each with the first pair that shows it."""
    differing, number = {}, 0
    for operation, rows in table.ROWS.items():
        if operation in RUNS_FUNCTIONS:
            continue
        for row in rows if isinstance(rows, list) else [rows]:
            number += 1
            outcomes = [side.outcome(service, operation, row, number) for side in sides]
            for path, here, there in compared(*outcomes):
                differing.setdefault((operation, path), (here, there))
    return differing


def serve(account):
    """Starts moto's server on a free port; gives its address."""
    os.environ["MOTO_ACCOUNT_ID"] = account
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    return "http://{}:{}".format(*server.get_host_and_port())


def main(endpoint, key, secret, account, service):
    table = importlib.import_module(f"rows.{service}_rows")
    there = serve(account)
    sides = [
        Side("here", endpoint, (key, secret), account, table),
        Side("moto", there, (key, secret), account, table),
    ]
    differing = found(service, sides, table)
    unknown, gone = moto_differences.unknown_and_gone(service, differing)
    for operation, path in unknown:
        ours, theirs = (repr(value)[:SHOWN] for value in differing[operation, path])
        print(f"{service} {operation}: {path}: here {ours}, moto {theirs}")
    for operation, path in gone:
        print(f"{service} {operation}: {path}: is on the list of differences, and differs no more")
    return 1 if unknown or gone else 0


if __name__ == "__main__":
    # The server tells each request, and each fault of its own with all of its calls.
    logging.disable(logging.CRITICAL)
    sys.exit(main(*sys.argv[1:]))
