"""Every optional member of every operation works, is refused, or is on the list of what is kept without effect.

    python members.py http://127.0.0.1:4566 KEY SECRET ACCOUNT SERVICE

A member that is taken must change something that can be seen: the answer, or what the table's reads show; or every value
is refused but the one that stands for its absence. `kept` lists those that change nothing, those that are shown and mean
nothing here, and those that work where the walk cannot see it; an entry that is no member of AWS's model, or that the
engine refuses, is a fault as well.
"""

import json
import re
import sys

import botocore.eventstream

import kept
import main as models
import present
import scene
import wire

# Pagers have tests of their own (`pages`), and a dry run is refused by design.
PAGERS = {"NextToken", "nextToken", "Marker", "position", "MaxResults", "maxResults", "MaxItems", "maxItems"}
PAGERS |= {"MaxRecords", "Limit", "limit"}
# What is on its way goes on by itself.
PASSING = {"LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"}
PASSING |= {"latency", "StateReason", "StateReasonData", "StateTransitionedTimestamp"}
PASSING |= {"AllocatedProvisionedConcurrentExecutions", "AvailableProvisionedConcurrentExecutions"}
# What differs from one call to the next by itself.
CHANCE = [
    # First, as a piece between two of its signs may look like one of the others.
    (re.compile(r"(?<=-----BEGIN )([A-Z ]+)-----[^-]*"), "pem"),
    (re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b"), "uuid"),
    (re.compile(r"(^|(?<=^ssh-ed25519 ))[0-9a-zA-Z+/]{40,}={0,2}(?= |$)"), "base64"),
    (re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}"), "time"),
    (re.compile(r"\b(new|name)-\d{5}-[0-9a-f]{6}\b"), "name"),
    (re.compile(r"^(IN_PROGRESS|READY)$"), "on its way or there"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.0-9]*([+]\d\d:?\d\d|Z)?"), "time"),
    (re.compile(r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}\b"), "time"),
    (re.compile(r"\b1[0-9]{9,12}([.]\d+)?\b"), "time"),
    (re.compile(r"(?<=deployment ID ')[a-z0-9]+"), "id"),
    (re.compile(r"[a-z0-9]+(?=\.execute-api)|(?<=execute-api/)[a-z0-9]+"), "id"),
    (re.compile(r"\b\d{1,3}([.-]\d{1,3}){3}\b"), "address"),
    (re.compile(r"\b[A-Z0-9]{20,21}\b"), "key"),
    (re.compile(r"\b[a-z0-9]{32}\b"), "id"),
    # A drawn id may have hexadecimal digits alone, so that both have one word.
    (re.compile(r"(\b|_|0x)[0-9a-f]{8,}\b"), "id"),
    (re.compile(r"\b(?=[a-z]*\d)[a-z0-9]{6,10}\b"), "id"),
    (re.compile(r"([0-9a-f]{2}:){5,}[0-9a-f]{2}"), "bytes"),
    (re.compile(r"\b[0-9a-zA-Z+/]{40,}=*"), "base64"),
]
# What is drawn and looks like something else in part, with its word.
MISTAKABLE = {"52762f51-e9b7-49b9-82a1-162168778450": "uuid", "10000000-e9b7-49b9-82a1-1f2a3b4c5d6e": "uuid"}
MISTAKABLE |= {"4f6aadbe2c": "id", "4f6axdbe2c": "id", "abcdefabcd": "id"}
# A time in seconds or milliseconds.
MOMENT = re.compile(r"1[0-9]{9,12}([.]\d+)?")
# What API Gateway draws: ids, which may be letters alone, and what has them; and EC2's groups.
IDS = {"id", "ApiId", "AuthorizerId", "DeploymentId", "GroupId", "IntegrationId", "RouteId"}
DRAWN = re.compile(r"[a-z0-9]{6,10}")


def plain(seen, made):
    """What was seen, without what is different each time; `made` are the things of the scene."""
    known = {value: f"${name}" for name, value in made.items() if isinstance(value, str) and len(value) > 3}
    words = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return json.dumps(masked(seen, (known, re.compile(rf"(?<![0-9A-Za-z])({words})(?![0-9A-Za-z])"))), sort_keys=True)


def masked(seen, known, name=""):
    """The same with words in the place of names, times and ids."""
    if isinstance(seen, dict):
        return {masked(key, known): masked(value, known, key) for key, value in seen.items() if key not in PASSING}
    if isinstance(seen, (list, tuple)):
        items = [masked(item, known, name) for item in seen]
        # API Gateway lists things in the order of their ids, and so are the groups of an interface.
        by_id = items and all(isinstance(item, dict) and item.keys() & IDS for item in items)
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if by_id else items
    if isinstance(seen, (bool, int, float, type(None))) and not MOMENT.fullmatch(str(seen)):
        return seen
    text = str(seen)
    words, spelt = known
    if text in words:
        return words[text]
    if name.lower().endswith(("id", "ids", "cachenamespace")) and DRAWN.fullmatch(text):
        return "id"
    text = spelt.sub(lambda found: words[found[0]], text)
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


def events(body):
    """The events of a stream."""
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(body)
    return [[message.headers.get(":event-type"), message.payload.decode(errors="replace")] for message in buffer]


class Walk(models.Examination):
    """One service of an engine, and what its operations do with each member."""

    def walk(self):
        _, self.operations = present.faults_and_operations(self.service)
        kept_here, acts = kept.KEPT.get(self.service.name, {}), kept.ACTS.get(self.service.name, {})
        for operation in (kept_here.keys() | acts.keys()) - set(self.operations):
            self.fault(operation, "kept", "the engine has no such operation")
        for operation in self.operations:
            rows = self.rows(operation)
            if rows:
                self.members_of(operation, rows, kept_here.get(operation, {}), acts.get(operation, {}))

    def members_of(self, operation, rows, kept_here, acts):
        shape = self.service.operation(operation).input_shape
        members = shape.members if shape else {}
        known = {**kept_here, **acts}
        for name in known.keys() - members.keys():
            self.fault(operation, "kept", f"AWS's model has no {name}")
        before = {}
        for name, member in members.items():
            if name in shape.required_members or name in PAGERS or name in kept.EVERYWHERE:
                continue
            outcome = self.outcome(operation, rows, name, member, before)
            if outcome == "same" and name not in known:
                self.fault(operation, "taken", f"{name} changes nothing, and is not on the list")
            if outcome == "refused" and name in known:
                self.fault(operation, "kept", f"{name} is on the list, and is refused")
            if outcome in ("changed", "one value") and name in acts:
                self.fault(operation, "kept", f"{name} is on the list, and the walk can see what it does")

    def outcome(self, operation, rows, name, member, before):
        """What becomes of a member: it is refused, has but the one value of its absence, changes something, or nothing.

        The first row is tried with every value; the others are for members that they have themselves.
        """
        outcomes = set()
        for number, row in enumerate(rows):
            if number and name not in row.get("input", {}):
                continue
            if number not in before:
                before[number] = self.seen(operation, row, {})
                if self.seen(operation, row, {}) != before[number]:
                    self.fault(operation, "chance", f"two calls alike do not look alike (row {number + 1})")
            outcome = self.of_row(operation, row, name, member, before[number])
            if outcome == "changed":
                return outcome
            outcomes.add(outcome)
        return next(outcome for outcome in ("same", "one value", "refused") if outcome in outcomes)

    def of_row(self, operation, row, name, member, before):
        """What becomes of a member of one row."""
        if name in row.get("input", {}):
            # What the row has already is left away to see a change.
            return "same" if self.seen(operation, row, {}, without=name) == before else "changed"
        values = samples(member)
        taken = [seen for seen in (self.seen(operation, row, {name: value}) for value in values) if seen is not None]
        if any(seen != before for seen in taken):
            return "changed"
        if not taken:
            return "refused"
        is_closed = member.type_name == "boolean" or "enum" in member.metadata
        return "one value" if is_closed and len(values) > 1 and len(taken) == 1 else "same"

    def seen(self, operation, row, changed, without=None):
        """The answer and the reads after a call; `None` where it was refused."""
        place = self.scene()
        given = {**place.given(row), **changed}
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
        if self.service.operation(operation).has_event_stream_output:
            parsed = [parsed, events(answer.body)]
        return plain([parsed, list(self.reads(place))], place.made)

    def reads(self, place):
        """What the table's reads show of what this scene has made."""
        for row in self.table.READS:
            given = row.get("input", {})
            # What names nothing shows what other scenes have made, too.
            if scene.NAME.search(repr(given)) and place.knows(given):
                service, _, operation = row["call"].partition(".")
                try:
                    yield row["call"], place.call(row)[2]
                except wire.Refused as refusal:
                    yield row["call"], str(refusal)[:60]


def run(arguments):
    walk = Walk(*arguments)
    for drawn, word in MISTAKABLE.items():
        if masked(drawn, ({}, re.compile("(?!)"))) != word:
            walk.fault("every operation", "chance", f"{drawn} is not seen to be drawn")
    walk.walk()
    count, faults = len(walk.operations), len(walk.faults)
    print(f"{walk.service.name}: {count} operations, {walk.calls} calls, {faults} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
