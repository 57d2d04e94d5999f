"""XML answers of the query protocols against the service's model."""

import re
import xml.etree.ElementTree as ElementTree

import answers


def faults(service, model, body):
    """Yields a sentence for each thing that is wrong with a document of success."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        yield f"a body that is no XML: {error}"
        return
    namespace, name = split(root.tag)
    # EC2's answers end theirs with a slash, which the model's lacks.
    namespace = namespace.removesuffix("/") if service.protocol == "ec2" else namespace
    if name != f"{model.name}Response":
        yield f"the root is {name}"
    expected = service.model.metadata["xmlNamespace"]
    if namespace != expected:
        yield f"the namespace is {namespace!r}, the model has {expected!r}"
    children = {split(child.tag)[1]: child for child in root}
    if service.protocol == "ec2":
        if not (children.get("requestId") is not None and children["requestId"].text):
            yield "no requestId"
        rest = [child for child in root if split(child.tag)[1] != "requestId"]
        yield from content_faults(service, model.output_shape, rest)
        return
    identity = root.find("{*}ResponseMetadata/{*}RequestId")
    if identity is None or not identity.text:
        yield "no ResponseMetadata.RequestId"
    wrapper = model.output_shape and model.output_shape.serialization.get("resultWrapper")
    for name in children.keys() - {"ResponseMetadata", wrapper}:
        yield f"{name} is unknown to the model"
    if wrapper and wrapper not in children:
        yield f"no {wrapper}"
    elif wrapper:
        yield from content_faults(service, model.output_shape, list(children[wrapper]))


def content_faults(service, shape, elements):
    if shape is None:
        for element in elements:
            # EC2 says `<return>true</return>` where there is nothing to say.
            if split(element.tag)[1] != "return":
                yield f"{split(element.tag)[1]} is unknown to the model"
        return
    yield from structure_faults(service, shape, elements, "")


def structure_faults(service, shape, elements, path):
    names = {}
    for name, member in shape.members.items():
        names[wire_name(name, member)] = (name, member)
    found = {}
    for element in elements:
        found.setdefault(split(element.tag)[1], []).append(element)
    for wire, of_name in found.items():
        here = answers.join(path, wire)
        if wire not in names:
            if not (wire == "return" and path == "" and service.protocol == "ec2"):
                yield f"{here} is unknown to the model"
            continue
        member = names[wire][1]
        if is_flat(member):
            for element in of_name:
                yield from value_faults(service, member.member, element, f"{here}[]")
        elif len(of_name) > 1:
            yield f"{here} comes {len(of_name)} times"
        else:
            yield from value_faults(service, member, of_name[0], here)
    for wire, (name, _) in names.items():
        if name in shape.required_members and wire not in found:
            yield f"{answers.join(path, wire)} is required and missing"


def value_faults(service, shape, element, path):
    kind = shape.type_name
    if kind in ("structure", "list", "map") and (element.text or "").strip():
        yield f"{path} is a {kind} and has text: {element.text.strip()[:40]}"
        return
    if kind == "structure":
        yield from structure_faults(service, shape, list(element), path)
    elif kind == "list":
        wanted = shape.member.serialization.get("name", "member")
        for item in element:
            name = split(item.tag)[1]
            if name != wanted:
                yield f"{path} has items named {name}, the model has {wanted}"
            else:
                yield from value_faults(service, shape.member, item, f"{path}[]")
    elif kind == "map":
        for entry in element:
            parts = {split(part.tag)[1]: part for part in entry}
            if split(entry.tag)[1] != "entry" or parts.keys() != {"key", "value"}:
                yield f"{path} is a map and has something else than entries of key and value"
            else:
                yield from value_faults(service, shape.value, parts["value"], f"{path}{{}}")
    elif len(element):
        yield f"{path} is a {kind} and has elements"
    else:
        yield from text_faults(shape, element.text or "", path)


def text_faults(shape, text, path):
    kind, value = shape.type_name, text
    try:
        if kind == "boolean":
            value = {"true": True, "false": False}[text]
        elif kind in ("integer", "long"):
            value = int(text) if re.fullmatch(r"-?\d+", text) else None
        elif kind in ("float", "double"):
            value = float(text)
    except (KeyError, ValueError):
        value = None
    if kind == "timestamp":
        if not answers.ISO.match(text):
            yield f"{path} is no timestamp: {text[:40]}"
    elif value is None:
        yield f"{path} is no {kind}: {text[:40]}"
    elif kind == "string" and text == "" and "enum" in shape.metadata:
        yield f"{path} is empty, the model has {shape.metadata['enum'][:6]}"
    else:
        yield from answers.scalar_faults(shape, value, path, answers.is_number)


def wire_name(name, member):
    if is_flat(member):
        return member.member.serialization.get("name") or member.serialization.get("name", name)
    return member.serialization.get("name", name)


def is_flat(shape):
    return shape.type_name == "list" and shape.serialization.get("flattened")


def split(tag):
    namespace, _, name = tag.rpartition("}")
    return namespace.lstrip("{"), name
