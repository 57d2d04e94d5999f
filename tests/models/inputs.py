"""Bad inputs, made from a good one and the service's model."""

from dataclasses import dataclass

import scene
import writers

UNKNOWN = "NoSuchMember"
# How deep the model's tree is followed, in members.
DEPTH = 4
# Longer than any member may be, and shorter than any limit on a whole document.
LARGE = 300_000
NUMBERS = ("integer", "long", "float", "double")


@dataclass
class Bad:
    """One spoilt call: what is wrong, where, and the names one of which the refusal must say."""

    kind: str
    path: str
    draft: object
    names: tuple = ()
    # Whether an engine may take it: the model alone cannot tell that it is wrong.
    may_pass: bool = False


def of(service, operation, row, given):
    """Yields every bad call of an operation, from the outside in. `given` is the row's input, filled."""
    spoiler = Spoiler(service, operation, given, row.get("free", []))
    if spoiler.has_members:
        for path, shape in tree(spoiler.shape):
            yield from spoiler.member_faults(path, shape)
        yield spoiler.too_deep()
    yield from spoiler.query_faults()
    if isinstance(spoiler.draft.body, dict) and not service.is_query:
        yield from spoiler.broken_documents()
    yield from spoiler.other_things(row.get("input", {}))


class Spoiler:
    """One good call, and what can be wrong with it."""

    def __init__(self, service, operation, given, free):
        self.service, self.operation, self.given = service, operation, given
        # The members whose values need not be known to anybody.
        self.free = free
        self.shape = service.operation(operation).input_shape
        self.draft = service.draft(operation, given)
        self.writer = writers.of(service)

    @property
    def has_members(self):
        return self.shape is not None and isinstance(self.draft.body, dict)

    def put(self, path, value):
        spoilt = self.draft.copy()
        self.writer.put(spoilt.body, path, value)
        return spoilt

    def member_faults(self, path, shape):
        """Yields what can be wrong with one member, or with the members of the whole."""
        named = self.names(path)
        if shape.type_name == "structure":
            inside = [*path, (UNKNOWN, None)]
            yield Bad("unknown member", dotted(inside), self.put(inside, "x"), self.names(inside))
        if not path:
            return
        here, metadata = dotted(path), shape.metadata
        value = self.writer.wrong(shape)
        if value is not None:
            yield Bad("wrong type", here, self.put(path, value), named)
        if "enum" in metadata:
            yield Bad("unknown enum", here, self.put(path, "no-such-value"), (*named, "no-such-value"))
        if shape.type_name in NUMBERS and "max" in metadata:
            yield Bad("out of range", here, self.put(path, metadata["max"] + 1), named)
        if shape.type_name in NUMBERS and "min" in metadata:
            yield Bad("out of range", here, self.put(path, metadata["min"] - 1), named)
        if shape.type_name == "string" and len(path) == 1:
            may_pass = metadata.get("max", LARGE) >= LARGE
            # Where the model has no limit, or the member is too much already, the sentence may be about something else.
            known = () if may_pass or path[0][0] not in self.given else named
            yield Bad("too large", here, self.put(path, "x" * LARGE), known, may_pass)
        without = self.draft.copy()
        if is_required(path, self.shape) and self.writer.take(without.body, path):
            yield Bad("missing member", here, without, named)

    def too_deep(self):
        first = next((path for path, _ in tree(self.shape, 1) if path), [(UNKNOWN, None)])
        spoilt = self.put(*self.writer.deep(first))
        return Bad("too deep", dotted(first), spoilt, (*self.names(first), UNKNOWN, "deep", "nest", "recursion"))

    def query_faults(self):
        """Yields what can be wrong in the query string, and in the headers that are members."""
        members = self.shape.members if self.shape else {}
        takes_any_name = any(shape.type_name == "map" and shape.serialization.get("location") == "querystring"
                             for shape in members.values())
        if not self.service.is_document and not takes_any_name:
            spoilt = self.draft.copy()
            spoilt.query.append((UNKNOWN, "x"))
            yield Bad("unknown query parameter", UNKNOWN, spoilt, (UNKNOWN,))
        for name, shape in members.items():
            place, wire = shape.serialization.get("location"), shape.serialization.get("name")
            if place not in ("querystring", "header") or wire is None:
                continue
            for kind, value in head_values(shape):
                spoilt = self.draft.copy()
                if place == "header":
                    spoilt.headers[wire] = value
                else:
                    spoilt.query = [(known, old) for known, old in spoilt.query if known != wire] + [(wire, value)]
                yield Bad(kind, name, spoilt, (name, wire, value), kind == "unknown enum" and name in self.free)

    def broken_documents(self):
        for path, body in [("{", b"{"), ("[]", b"[]"), ("text", b'"text"'), ("not UTF-8", b'{"a":"\xff"}')]:
            spoilt = self.draft.copy()
            spoilt.body = body
            yield Bad("broken document", path, spoilt)

    def other_things(self, named):
        """Yields calls about things that are not there, or that cannot be. `named` is the row's input, not filled."""
        for name, value in named.items():
            is_thing = scene.names_a_thing(value)
            if not is_thing and not isinstance(value, str):
                continue
            others = [("malformed", "!", True)]
            if is_thing:
                others.append(("absent", another(self.given[name]), name in self.free))
            for kind, other, may_pass in others:
                changed = {**self.given, name: [other] if isinstance(value, list) else other}
                yield Bad(kind, name, self.service.draft(self.operation, changed), (), may_pass)

    def names(self, path):
        """The names one of which a refusal must say: the bad one, or one above it that the good call does not have."""
        here, absent = self.given, []
        for name, shape in path:
            if isinstance(here, dict) and name in here:
                here = here[name]
            elif isinstance(here, list) and here and name == writers.FIRST:
                here = here[0]
            elif name != writers.FIRST:
                absent, here = [*absent, self.writer.member(name, shape)], None
        own = [self.writer.member(*step) for step in path if step[0] != writers.FIRST]
        return tuple(dict.fromkeys([*own[-1:], *absent]))


def nulls(service, operation, draft):
    """The good call once more, with `null` for each optional member that it lacks; `None` where there is none."""
    shape = service.operation(operation).input_shape
    if shape is None or service.is_query or not isinstance(draft.body, dict):
        return None
    changed, writer = draft.copy(), writers.of(service)
    for path, _ in tree(shape, 1):
        if path and path[0][0] not in shape.required_members:
            changed.body.setdefault(writer.member(*path[0]), None)
    return changed if changed.body != draft.body else None


def tree(shape, depth=DEPTH):
    """Yields every member of the body as a path and its shape, from the outside in; the whole first."""
    todo = [([], shape)]
    while todo:
        path, here = todo.pop(0)
        yield path, here
        if len(path) >= depth or any(above.name == here.name for _, above in path[:-1]):
            continue
        if here.type_name == "structure":
            for name, member in here.members.items():
                if "location" not in member.serialization:
                    todo.append(([*path, (name, member)], member))
        elif here.type_name == "list":
            todo.append(([*path, (writers.FIRST, here.member)], here.member))


def head_values(shape):
    """The bad values of a member that travels in the head of a request."""
    if shape.type_name in (*NUMBERS, "boolean", "timestamp"):
        return [("wrong type", "text")]
    return [("unknown enum", "no-such-value")] if "enum" in shape.metadata else []


def is_required(path, whole):
    above = whole if len(path) == 1 else path[-2][1]
    return path[-1][0] in getattr(above, "required_members", [])


def another(value):
    """The name of something of the same kind, which is not there."""
    value = value[0] if isinstance(value, list) else value
    return value[:-1] + ("1" if value[-1] == "0" else "0")


def dotted(path):
    return ".".join(str(name) for name, _ in path if name != writers.FIRST)
