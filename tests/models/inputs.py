"""Bad inputs, made from a good one and the service's model."""

from dataclasses import dataclass

UNKNOWN = "NoSuchMember"
# How deep the model's tree is followed, in members.
DEPTH = 4
# How deep a document of nonsense is.
LEVELS = 200
# Longer than any member may be, and shorter than any limit on a whole document.
LARGE = 300_000


@dataclass
class Bad:
    """One spoilt call: what is wrong, where, and the names one of which the refusal must say."""

    kind: str
    path: str
    draft: object
    names: tuple
    # Whether an engine may take it: it is the model, not the protocol, that forbids it.
    may_pass: bool = False


def of(service, operation, given, draft):
    """Yields every bad call of an operation, from the outside in."""
    shape = service.operation(operation).input_shape
    writer = FormWriter(service.protocol) if service.is_query else DocumentWriter()
    if service.is_query or isinstance(draft.body, dict):
        yield from unknown_and_wrong(writer, shape, given, draft)
        yield from deep_and_large(writer, shape, given, draft)
    if service.protocol == "rest-json":
        yield from bad_queries(shape, draft)
    if isinstance(draft.body, dict) and not service.is_query:
        yield from broken_documents(draft)


def unknown_and_wrong(writer, shape, given, draft):
    for path, member in tree(shape):
        spoilt = draft.copy()
        if member.type_name == "structure":
            writer.put(spoilt.body, [*path, (UNKNOWN, None)], "x")
            yield Bad("unknown member", dotted(path, UNKNOWN), spoilt, names(writer, path, given, UNKNOWN))
        if path:
            value = writer.wrong(member)
            if value is not None:
                spoilt = draft.copy()
                writer.put(spoilt.body, path, value)
                yield Bad("wrong type", dotted(path), spoilt, names(writer, path, given))
            if "enum" in member.metadata:
                spoilt = draft.copy()
                writer.put(spoilt.body, path, "no-such-value")
                yield Bad("unknown enum", dotted(path), spoilt, (*names(writer, path, given), "no-such-value"))


def deep_and_large(writer, shape, given, draft):
    first = next((path for path, _ in tree(shape, 1) if path), [(UNKNOWN, None)])
    spoilt = draft.copy()
    writer.put(spoilt.body, *writer.deep(first))
    yield Bad("too deep", dotted(first), spoilt, (*names(writer, first, given), "deep", "nest", "recursion"))
    for path, member in tree(shape):
        if member.type_name == "string" and len(path) == 1:
            spoilt = draft.copy()
            writer.put(spoilt.body, path, "x" * LARGE)
            may_pass = member.metadata.get("max", LARGE) >= LARGE
            # Where the model has no limit, the refusal may quote the value instead.
            known = (*names(writer, path, given), *(["xxx"] if may_pass else []))
            yield Bad("too large", dotted(path), spoilt, known, may_pass)


def bad_queries(shape, draft):
    spoilt = draft.copy()
    spoilt.query.append((UNKNOWN, "x"))
    yield Bad("unknown query parameter", UNKNOWN, spoilt, (UNKNOWN,))
    for name, member in (shape.members if shape else {}).items():
        if member.serialization.get("location") not in ("querystring", "header"):
            continue
        wire = member.serialization.get("name")
        if wire is None:
            # A map of parameters takes any name.
            return
        if member.type_name in ("integer", "long", "boolean", "timestamp"):
            kind, value = "wrong type", "text"
        elif "enum" in member.metadata:
            kind, value = "unknown enum", "no-such-value"
        else:
            continue
        spoilt = draft.copy()
        if member.serialization["location"] == "querystring":
            spoilt.query = [(known, old) for known, old in spoilt.query if known != wire] + [(wire, value)]
        else:
            spoilt.headers[wire] = value
        yield Bad(kind, name, spoilt, (name, wire, value))


def broken_documents(draft):
    for path, body in [("{", b"{"), ("[]", b"[]"), ("text", b'"text"'), ("not UTF-8", b'{"a":"\xff"}')]:
        spoilt = draft.copy()
        spoilt.body = body
        yield Bad("broken document", path, spoilt, ())


def nulls(service, operation, draft):
    """The good call once more, with `null` for each optional member that it lacks; `None` where there is none."""
    shape = service.operation(operation).input_shape
    if shape is None or service.is_query or not isinstance(draft.body, dict):
        return None
    changed = draft.copy()
    for path, member in tree(shape, 1):
        if path and path[0][0] not in shape.required_members:
            changed.body.setdefault(DocumentWriter().member(*path[0]), None)
    return changed if changed.body != draft.body else None


def tree(shape, depth=DEPTH):
    """Yields every member of the body as a path of (name, shape), and its shape, from the outside in."""
    todo = [((), shape)] if shape else []
    while todo:
        path, here = todo.pop(0)
        yield list(path), here
        if len(path) >= depth or any(known.name == here.name for _, known in path[:-1]):
            continue
        if here.type_name == "structure":
            for name, member in here.members.items():
                if "location" not in member.serialization:
                    todo.append(((*path, (name, member)), member))
        elif here.type_name == "list":
            todo.append(((*path, (0, here.member)), here.member))


def dotted(path, *more):
    return ".".join([*(str(name) for name, _ in path if name != 0), *more])


def names(writer, path, given, *last):
    """The names one of which a refusal must say: the bad one, or one above it that the good call does not have."""
    own = [*(writer.member(*step) for step in path if step[0] != 0), *last]
    here, found = given, []
    for name, shape in path:
        if isinstance(here, dict) and name in here:
            here = here[name]
        elif isinstance(here, list) and here and name == 0:
            here = here[0]
        elif name != 0:
            found, here = [*found, writer.member(name, shape)], None
    return tuple(dict.fromkeys([own[-1], *found]))


class DocumentWriter:
    """Puts values into JSON documents."""

    WRONG = {
        "string": {"a": 1}, "character": 1, "blob": {"a": 1}, "integer": "text", "long": "text", "float": "text",
        "double": "text", "boolean": "text", "timestamp": "text", "structure": "text", "list": "text", "map": "text",
    }

    def wrong(self, shape):
        return None if shape.metadata.get("document") else self.WRONG[shape.type_name]

    def member(self, name, shape):
        return name if shape is None else shape.serialization.get("name", name)

    def put(self, document, path, value):
        here = document
        for step, (_, following) in zip(path, [*path[1:], (None, None)]):
            name = step[0] if step[0] == 0 else self.member(*step)
            is_last = step is path[-1]
            if isinstance(here, list):
                if not here:
                    here.append({})
                name = 0
            empty = value if is_last else [] if step[1] is not None and step[1].type_name == "list" else {}
            if is_last:
                here[name] = value
            elif isinstance(here, dict):
                if not isinstance(here.get(name), (dict, list)):
                    here[name] = empty
            elif not isinstance(here[name], (dict, list)):
                here[name] = empty
            here = here[name]

    def deep(self, path):
        value = "x"
        for _ in range(LEVELS):
            value = [value]
        return path, value


class FormWriter:
    """Puts values into the parameters of a query protocol."""

    WRONG = {
        "integer": "text", "long": "text", "float": "text", "double": "text", "boolean": "perhaps",
        "timestamp": "text", "structure": "text", "map": "text",
    }

    def __init__(self, protocol):
        self.is_ec2 = protocol == "ec2"

    def wrong(self, shape):
        # A list that is written like a text is its own error; `Name=` is how an empty one is written.
        return "text" if shape.type_name == "list" else self.WRONG.get(shape.type_name)

    def put(self, form, path, value):
        name = self.name(path)
        for known in [known for known in form if known == name or known.startswith(f"{name}.")]:
            del form[known]
        form[name] = value

    def name(self, path):
        parts = []
        for (name, shape), above in zip(path, [None, *(shape for _, shape in path)]):
            if name == 0:
                is_flat = self.is_ec2 or above is None or above.serialization.get("flattened")
                parts.append("1" if is_flat else "member.1")
            else:
                parts.append(self.member(name, shape))
        return ".".join(parts)

    def member(self, name, shape):
        serialization = shape.serialization if shape is not None else {}
        if not self.is_ec2:
            return serialization.get("name", name)
        if "queryName" in serialization:
            return serialization["queryName"]
        known = serialization.get("name", name)
        return known[0].upper() + known[1:]

    def deep(self, path):
        return [*path, *[(0, None), ("A", None)] * (LEVELS // 2)], "x"
