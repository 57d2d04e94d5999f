"""Answers against the service's model: nothing on the wire that it does not know, and everything that it requires."""

import base64
import binascii
import json
import re

import botocore.eventstream

import cbor
import wire
import xml_answers

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
# What AWS answers and its own enumerations lack: the type's documentation says `Policy`.
LACKING = {
    ("PermissionsBoundaryAttachmentType", "Policy"),
    # As every answer of a simulation and the examples of its documentation have it.
    ("PolicySourceType", "IAM Policy"),
    ("PolicySourceType", "Resource Policy"),
    # The documentation of the filter `attachment.state` has it, and every answer.
    ("AttachmentStatus", "available"),
    # The documentation of the filter `vpc-endpoint-state` has them, and every example.
    ("State", "pending"),
    ("State", "available"),
    ("State", "deleting"),
    # The owner's id is the account's number: the documentation of GetUser shows one.
    ("idType", "000000000000"),
    # Recorded at AWS: while a function changes it says of the change what it says of a new function.
    ("LastUpdateStatusReasonCode", "Creating"),
}
LARGEST = {"integer": 2**31 - 1, "long": 2**63 - 1}


def faults(service, operation, answer):
    """Yields a sentence for each thing that is wrong with an answer of success."""
    model = service.operation(operation)
    shape = model.output_shape
    expected = model.http.get("responseCode", 200)
    # An operation that says its own status (`Invoke`) has no other.
    members = shape.members.values() if shape else []
    says_status = any(member.serialization.get("location") == "statusCode" for member in members)
    if answer.status != expected and not says_status:
        yield f"status {answer.status}, the model says {expected}"
    if "x-amzn-requestid" not in answer.headers:
        yield "no x-amzn-requestid"
    if service.is_query:
        yield from xml_answers.faults(service, model, answer.body)
    elif service.is_document:
        yield from document_faults(service, shape, answer)
    elif model.has_event_stream_output:
        yield from header_faults(shape, answer.headers)
        # A call that only asks whether it may has no events.
        if answer.status != 204:
            yield from stream_faults(model.get_event_stream_output(), answer)
    else:
        yield from rest_faults(service, shape, answer)


def stream_faults(shape, answer):
    """Reads a stream of events as an SDK does, checksums included."""
    if answer.headers.get("content-type") != "application/vnd.amazon.eventstream":
        yield f"a stream of events of the type {answer.headers.get('content-type')}"
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(answer.body)
    try:
        events = [message.headers.get(":event-type") for message in buffer]
    except botocore.eventstream.ParserError as error:
        yield f"a stream that is none: {error}"
        return
    for event in events:
        if event not in shape.members:
            yield f"an event {event} that the model does not have"


def rest_faults(service, shape, answer):
    if shape is None:
        if answer.body:
            yield f"a body where the model has none: {answer.body[:80]!r}"
        return
    yield from header_faults(shape, answer.headers)
    payload = shape.serialization.get("payload")
    if payload is None:
        yield from document_faults(service, shape, answer)
    elif shape.members[payload].type_name == "structure":
        yield from document_faults(service, shape.members[payload], answer)


def header_faults(shape, headers):
    for name, member in shape.members.items():
        if member.serialization.get("location") != "header":
            continue
        text = headers.get(member.serialization["name"].lower())
        if text is None and name in shape.required_members:
            yield f"the header of {name} is missing"
        if text is not None and member.type_name == "integer" and not re.fullmatch(r"-?\d+", text):
            yield f"the header of {name} is no integer: {text}"


def document_faults(service, shape, answer):
    if shape is None or not in_body(shape):
        if answer.body not in (b"", cbor.dumps({}) if service.protocol == wire.CBOR else b"{}"):
            yield f"a body where the model has none: {answer.body[:80]!r}"
        return
    if not answer.body:
        yield "no body"
        return
    try:
        value = service.document(answer.body)
    except ValueError as error:
        yield f"a body that is no document: {error}"
        return
    # CBOR has times of its own.
    is_time = (lambda value: isinstance(value, cbor.Time)) if service.protocol == wire.CBOR else is_number
    yield from value_faults(Body(shape), value, "", is_time)


def in_body(shape):
    return [name for name, member in shape.members.items() if "location" not in member.serialization]


class Body:
    """A structure without the members that travel in the head."""

    type_name = "structure"

    def __init__(self, shape):
        names = in_body(shape)
        self.members = {name: shape.members[name] for name in names}
        self.required_members = [name for name in shape.required_members if name in names]
        self.metadata = shape.metadata


def value_faults(shape, value, path, is_time):
    """Yields what is wrong with one value of a document; `is_time` tells what its protocol has for a time."""
    kind = shape.type_name
    if kind == "structure":
        yield from structure_faults(shape, value, path, is_time)
    elif kind == "list":
        if not isinstance(value, list):
            yield wrong(path, kind, value)
            return
        for item in value:
            yield from value_faults(shape.member, item, f"{path}[]", is_time)
    elif kind == "map":
        if not isinstance(value, dict):
            yield wrong(path, kind, value)
            return
        for item in value.values():
            yield from value_faults(shape.value, item, f"{path}{{}}", is_time)
    else:
        yield from scalar_faults(shape, value, path, is_time)


def structure_faults(shape, value, path, is_time):
    if shape.metadata.get("document"):
        return
    if not isinstance(value, dict):
        yield wrong(path, "structure", value)
        return
    names = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    for known, item in value.items():
        if known not in names:
            yield f"{join(path, known)} is unknown to the model"
        elif item is not None:
            yield from value_faults(names[known][1], item, join(path, known), is_time)
    for known, (name, _) in names.items():
        if name in shape.required_members and value.get(known) is None:
            yield f"{join(path, known)} is required and missing"


def scalar_faults(shape, value, path, is_time):
    kind, fits = shape.type_name, True
    if kind in ("string", "character"):
        fits = isinstance(value, str)
    elif kind == "boolean":
        fits = isinstance(value, bool)
    elif kind in LARGEST:
        fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST[kind]
    elif kind in ("float", "double"):
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif kind == "timestamp":
        is_text = shape.serialization.get("timestampFormat") == "iso8601"
        fits = isinstance(value, str) and ISO.match(value) if is_text else is_time(value)
    elif kind == "blob":
        fits = isinstance(value, str) and is_base64(value)
    if not fits:
        yield wrong(path, kind, value)
    else:
        yield from limit_faults(shape, value, path)


def limit_faults(shape, value, path):
    """Yields where a value of the right type is none that the model allows."""
    metadata = shape.metadata
    if value not in metadata.get("enum", [value]) and (shape.name, value) not in LACKING:
        yield f"{path} is {value!r}, the model has {metadata['enum'][:6]}"
    size = len(value) if isinstance(value, str) else value
    if isinstance(size, bool) or not isinstance(size, (int, float)) or shape.type_name == "blob":
        return
    is_known = (shape.name, value) in LACKING
    if not is_known and (size < metadata.get("min", size) or size > metadata.get("max", size)):
        yield f"{path} is {value!r}, the model has {metadata.get('min')} to {metadata.get('max')}"


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_base64(text):
    try:
        return bool(base64.b64decode(text, validate=True)) or text == ""
    except binascii.Error:
        return False


def wrong(path, kind, value):
    return f"{path or 'the body'} is no {kind}: {json.dumps(value)[:60]}"


def join(path, name):
    return f"{path}.{name}" if path else name
