"""The things that a row of a table needs: made when they are first named, each once for a scene."""

import itertools
import re
import secrets
import time

import jmespath

import wire

NAME = re.compile(r"\$([a-z][a-z_]*)")
NUMBERS = itertools.count(1)
# What a row can name without anything being made.
GIVEN = {"new", "name", "each", "account", "region"}
# An engine that has been examined before still has what was made for that.
RUN = secrets.token_hex(3)
REQUEST_ID = re.compile(rb"<(requestId|RequestId|RequestID)>[^<]*<")
# No state takes longer to come about, in seconds.
PATIENCE = 10


def names_a_thing(value):
    """Whether a value of a row is the name of something that must be there (`$role`, `["$instance"]`)."""
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    named = isinstance(value, str) and NAME.fullmatch(value)
    return bool(named) and named[1] not in GIVEN


class Scene:
    """Fixtures by name (`$role` in an input), one of each unless it is to be fresh.

    `$name` is a name of the scene's own, `$new` another one each time.
    """

    def __init__(self, services, fixtures, constants):
        self.services = services
        self.fixtures = fixtures
        self.made = {**constants, "name": f"name-{next(NUMBERS):05}-{RUN}"}

    def fill(self, value):
        """Puts what is made in the place of its names."""
        if isinstance(value, dict):
            return {name: self.fill(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if not isinstance(value, str):
            return value
        whole = NAME.fullmatch(value)
        if whole:
            return self.get(whole[1])
        return NAME.sub(lambda found: str(self.get(found[1])), value)

    def given(self, row):
        """The input of a row, filled, once everything is there that the row needs beside it."""
        self.fill(row.get("needs", []))
        return self.fill(row.get("input", {}))

    def get(self, name):
        if name == "new":
            return f"new-{next(NUMBERS):05}-{RUN}"
        if name not in self.made:
            fixture = self.fixtures[name]
            if fixture.get("fresh"):
                return self.make(fixture)
            self.made[name] = self.make(fixture)
        return self.made[name]

    def make(self, fixture):
        """Makes one thing and gives what it is known by."""
        service, given, output = self.call(fixture)
        known = jmespath.search(fixture["is"], {"input": given, "output": output})
        for wait in fixture.get("until", []):
            self.wait(wait, known)
        return known

    def call(self, row):
        """Makes the call that a row describes (`iam.CreateRole`)."""
        service, _, operation = row["call"].partition(".")
        given = self.fill(row.get("input", {}))
        return service, given, self.services[service].call(operation, given)

    def wait(self, row, known):
        """Waits until a call tells what the row wants; `$it` is the thing itself."""
        self.made["it"] = known
        deadline = time.monotonic() + PATIENCE
        while True:
            seen = jmespath.search(row["sees"], self.call(row)[2])
            if seen == row["value"]:
                return
            if time.monotonic() > deadline:
                raise wire.Refused(f"{row['call']} says {seen!r}, never {row['value']!r}")
            time.sleep(0.01)

    def knows(self, value):
        """Whether everything that a value names is made already."""
        return all(name in self.made for name in NAME.findall(repr(value)))

    def sees(self, reads):
        """Everything that the reads show, of those whose things are made: what must stay as it is."""
        return [self.shown(row) for row in reads if self.knows(row.get("input", {}))]

    def shown(self, row):
        """What a read shows, as it is on the wire but for the request's id."""
        service, _, operation = row["call"].partition(".")
        service = self.services[service]
        answer = service.send(service.draft(operation, self.fill(row.get("input", {}))))
        return row["call"], answer.status, REQUEST_ID.sub(b"", answer.body)
