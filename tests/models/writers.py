"""How the protocols write a member: where a bad value goes, or from where a good one is taken away.

A path is a list of (name, shape), from the outside in; the name of a list's first item is `FIRST`.
"""

FIRST = 0
# How deep a document of nonsense is.
LEVELS = 200


def of(service):
    return FormWriter(service.protocol) if service.is_query else DocumentWriter()


class DocumentWriter:
    """JSON documents."""

    WRONG = {"string": {"a": 1}, "character": 1, "blob": {"a": 1}}

    def wrong(self, shape):
        """A value of another type than the shape's; `None` where there is none."""
        return None if shape.metadata.get("document") else self.WRONG.get(shape.type_name, "text")

    def member(self, name, shape):
        return name if shape is None else shape.serialization.get("name", name)

    def put(self, document, path, value):
        """Puts a value where the path leads, and makes the way there."""
        here = document
        for name, shape in path[:-1]:
            here = self.step(here, name, shape, [] if shape.type_name == "list" else {})
        if isinstance(here, list) and not here:
            here.append(None)
        here[self.key(*path[-1])] = value

    def step(self, here, name, shape, empty):
        key = self.key(name, shape)
        if isinstance(here, list) and not here:
            here.append(empty)
        if isinstance(here, list) or key in here:
            if not isinstance(here[key], (dict, list)):
                here[key] = empty
        return here[key] if isinstance(here, list) else here.setdefault(key, empty)

    def key(self, name, shape):
        return FIRST if name == FIRST else self.member(name, shape)

    def take(self, document, path):
        """Takes a member away; tells whether it was there."""
        here = document
        for name, shape in path[:-1]:
            key = self.key(name, shape)
            if isinstance(here, list) and here or isinstance(here, dict) and key in here:
                here = here[key]
            else:
                return False
        return isinstance(here, dict) and here.pop(self.key(*path[-1]), None) is not None

    def deep(self, path):
        value = "x"
        for _ in range(LEVELS):
            value = [value]
        return path, value


class FormWriter:
    """The parameters of the query protocols."""

    WRONG = {"boolean": "perhaps", "string": None, "character": None, "blob": None}

    def __init__(self, protocol):
        self.is_ec2 = protocol == "ec2"

    def wrong(self, shape):
        """A value of another type than the shape's; any text is one, so texts have none."""
        return self.WRONG.get(shape.type_name, "text")

    def member(self, name, shape):
        serialization = shape.serialization if shape is not None else {}
        if not self.is_ec2:
            return serialization.get("name", name)
        if "queryName" in serialization:
            return serialization["queryName"]
        known = serialization.get("name", name)
        return known[0].upper() + known[1:]

    def name(self, path):
        """The dotted name of a parameter (`Tags.member.1.Key`)."""
        parts = []
        for (name, shape), above in zip(path, [None, *(shape for _, shape in path)]):
            if name == FIRST:
                is_flat = self.is_ec2 or above is None or above.serialization.get("flattened")
                parts.append("1" if is_flat else "member.1")
            else:
                parts.append(self.member(name, shape))
        return ".".join(parts)

    def put(self, form, path, value):
        """Puts a value in the place of all that the path leads to."""
        self.take(form, path)
        form[self.name(path)] = value

    def take(self, form, path):
        """Takes a member away, and all below it; tells whether it was there."""
        name = self.name(path)
        known = [known for known in form if known == name or known.startswith(f"{name}.")]
        for one in known:
            del form[one]
        return bool(known)

    def deep(self, path):
        return [*path, *[(FIRST, None), ("A", None)] * (LEVELS // 2)], "x"
