"""Every optional member of every operation works, is refused, or is on the list of what is kept without effect.

    python members.py http://127.0.0.1:4566 KEY SECRET ACCOUNT SERVICE

A member that is taken must change something that can be seen: the answer, or what the table's reads show. `kept` lists
those that do not, and those that are shown and mean nothing here; an entry that is no member of AWS's model, or that the
engine refuses, is a fault as well.
"""

import json
import re
import sys


import kept
import main as models
import present
import wire

# Pagers have tests of their own (`pages`), and a dry run is refused by design.
PAGERS = {"MaxResults", "NextToken", "MaxItems", "Marker", "limit", "position", "nextToken", "maxResults"}
# What differs from one call to the next by itself.
CHANCE = [
    (re.compile(r"\b(new|name)-\d{5}-[0-9a-f]{6}\b"), "name"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.0-9]*([+]\d\d:?\d\d|Z)?"), "time"),
    (re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b"), "uuid"),
    (re.compile(r"\b\d{1,3}([.-]\d{1,3}){3}\b"), "address"),
    (re.compile(r"\b[A-Z0-9]{20,21}\b"), "key"),
    (re.compile(r"(\b|_)[0-9a-f]{8,}\b"), "hex"),
    (re.compile(r"\b(?=[a-z]*\d)[a-z0-9]{6,10}\b"), "id"),
    (re.compile(r"\b1[0-9]{9,12}([.]\d+)?\b"), "time"),
    (re.compile(r"([0-9a-f]{2}:){5,}[0-9a-f]{2}"), "bytes"),
    (re.compile(r"\b[0-9a-zA-Z+/]{40,}=*"), "base64"),
]


def plain(seen):
    """What was seen, without what is different each time."""
    text = json.dumps(seen, default=str, sort_keys=True)
    for pattern, word in CHANCE:
        text = pattern.sub(word, text)
    return text


def samples(shape):
    """Values that a member can have."""
    kind, metadata = shape.type_name, shape.metadata
    if kind == "boolean":
        return [True, False]
    if "enum" in metadata:
        return list(metadata["enum"])[:6]
    if kind in ("integer", "long"):
        return [number for number in (1, 2, 60, 128, 3600) if metadata.get("min", 0) <= number <= metadata.get("max", 9**9)]
    if kind in ("float", "double"):
        return [1.5]
    if kind == "string":
        return ["Sample", "arn:aws:iam::000000000000:role/sample", "sample-0123456789abcdef0"]
    if kind == "blob":
        return [b"Sample"]
    if kind == "timestamp":
        return ["2026-01-01T00:00:00Z"]
    if kind == "map":
        return [{"sample": value} for value in samples(shape.value)[:1]]
    if kind == "list":
        return [[value] for value in samples(shape.member)[:2]]
    if kind == "structure" and shape.members:
        required = {name: samples(shape.members[name])[0] for name in shape.required_members if samples(shape.members[name])}
        found = []
        for name, member in list(shape.members.items())[:8]:
            found += [{**required, name: value} for value in samples(member)[:2]] if depth_of(member) < 3 else []
        return found
    return []


def depth_of(shape, level=0):
    """How deep a shape is, as far as it matters."""
    if level > 3:
        return level
    if shape.type_name == "structure":
        return 1 + max([depth_of(member, level + 1) for member in shape.members.values()] or [0])
    return 1 + depth_of(shape.member, level + 1) if shape.type_name == "list" else 0


class Walk(models.Examination):
    """One service of an engine, and what its operations do with each member."""

    def walk(self):
        _, self.operations = present.faults_and_operations(self.service)
        kept_here, acts = kept.KEPT.get(self.service.name, {}), kept.ACTS.get(self.service.name, {})
        for operation in (kept_here.keys() | acts.keys()) - set(self.operations):
            self.fault(operation, "kept", "the engine has no such operation")
        for operation in self.operations:
            for row in self.rows(operation)[:1]:
                known = {**kept_here.get(operation, {}), **acts.get(operation, {})}
                self.members_of(operation, row, known)

    def members_of(self, operation, row, known):
        shape = self.service.operation(operation).input_shape
        members = shape.members if shape else {}
        for name in known.keys() - members.keys():
            self.fault(operation, "kept", f"AWS's model has no {name}")
        before = None
        for name, member in members.items():
            if name in shape.required_members or name in PAGERS or name in kept.EVERYWHERE:
                continue
            before = before or self.seen(operation, row, {})
            outcome = self.outcome(operation, row, name, member, before)
            if outcome == "same" and name not in known:
                self.fault(operation, "taken", f"{name} changes nothing, and is not on the list")
            if outcome == "refused" and name in known:
                self.fault(operation, "kept", f"{name} is on the list, and is refused")

    def outcome(self, operation, row, name, member, before):
        """What becomes of a member: it is refused whatever it is, it changes something, or nothing."""
        outcome = "refused"
        own = row.get("input", {})
        values = [None] if name in own else samples(member)
        for value in values:
            # What the row has already is left away to see a change.
            changed = {} if value is None else {name: value}
            seen = self.seen(operation, row, changed, without=name if value is None else None)
            if seen is None:
                outcome = outcome if value is not None else "changed"
                continue
            if seen != before:
                return "changed"
            outcome = "same"
        return outcome

    def seen(self, operation, row, changed, without=None):
        """The answer and the reads after a call; `None` where it was refused."""
        place = self.scene()
        given = {**place.fill(row.get("input", {})), **changed}
        given.pop(without, None)
        try:
            draft = self.service.draft(operation, given)
        except Exception:  # botocore itself cannot write such a value.
            return None
        answer = self.service.send(draft)
        self.calls += 1
        if not answer.is_success:
            return None
        parsed = self.service.parsed(operation, answer)
        return plain([parsed, [list(map(str, read)) for read in self.reads(place)]])

    def reads(self, place):
        """What the table's reads show of what this scene has made."""
        for row in self.table.READS:
            given = row.get("input", {})
            if given and place.knows(given):
                service, _, operation = row["call"].partition(".")
                try:
                    yield row["call"], place.call(row)[2]
                except wire.Refused as refusal:
                    yield row["call"], str(refusal)[:60]


def run(arguments):
    walk = Walk(*arguments)
    walk.walk()
    count, faults = len(walk.operations), len(walk.faults)
    print(f"{walk.service.name}: {count} operations, {walk.calls} calls, {faults} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
