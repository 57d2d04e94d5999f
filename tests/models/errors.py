"""Refusals: the shape in which a protocol writes an error, and what the model says of its code."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import wire

CODE = re.compile(r"[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)*$")
# What any operation may answer, whether the model says so or not: by protocol, and by service where that has its own
# code for an input that is wrong.
COMMON = {
    "query": {"InvalidAction", "InvalidParameterValue", "MalformedInput", "MalformedQueryString", "MissingAction",
              "MissingParameter", "UnknownParameter", "ValidationError"},
    "json": {"SerializationException", "UnknownOperationException", "ValidationException"},
    "rest-json": {"SerializationException", "ValidationException"},
    "apigateway": {"BadRequestException"},
    "apigatewayv2": {"BadRequestException"},
    "lambda": {"InvalidParameterValueException", "InvalidRequestContentException"},
    # Of a boundary that is not there.
    "iam": {"NoSuchEntity"},
    "logs": {"InvalidParameterException"},
    "monitoring": {"InvalidParameterCombination", "InvalidParameterValue", "MissingParameter", "ValidationError"},
}
COMMON[wire.CBOR] = COMMON["json"]
EVERYWHERE = {"AccessDenied", "AccessDeniedException", "InternalFailure", "NotImplemented"}


# What a service calls a member in a sentence of its own, as LocalStack has recorded AWS's.
CALLED = {"logGroupName": "LogGroup", "logStreamName": "LogStream"}


@dataclass
class Refusal:
    """An error as a client reads it."""

    status: int
    code: str
    message: str

    def names(self, member):
        """Whether the message names a member, whose first letter services write either way."""
        # Some sentences write a member as words (`Revision Id`).
        words = self.message.lower().replace(" ", "")
        return any(name.lower() in words for name in (member, CALLED.get(member, member)))


def read(service, answer):
    """Reads a refusal; yields it last, after a sentence for each thing that is wrong with its shape."""
    if service.is_query:
        return read_xml(service, answer)
    return read_json(service, answer)


def read_json(service, answer):
    faults = []
    try:
        document = service.document(answer.body)
        assert isinstance(document, dict)
    except (ValueError, AssertionError):
        return Refusal(answer.status, "", ""), [f"the error is no object: {answer.body[:80]!r}"]
    head = answer.headers.get("x-amzn-errortype", "")
    code = document.get("__type") or head
    if service.protocol == "rest-json" and not head:
        faults.append("the error has no x-amzn-errortype")
    if service.is_document and not document.get("__type"):
        faults.append("the error has no __type")
    message = document.get("message", document.get("Message"))
    if not isinstance(message, str):
        faults.append("the error has no message")
    return Refusal(answer.status, code.rsplit("#", 1)[-1].split(":")[0], message or ""), faults


def read_xml(service, answer):
    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        return Refusal(answer.status, "", ""), [f"the error is no XML: {answer.body[:80]!r}"]
    is_ec2 = service.protocol == "ec2"
    paths = ("Errors/Error/", "RequestID") if is_ec2 else ("{*}Error/{*}", "{*}RequestId")
    code, message = (root.findtext(paths[0] + name, "") for name in ("Code", "Message"))
    expected = "Response" if is_ec2 else "ErrorResponse"
    faults = []
    if root.tag.rpartition("}")[2] != expected:
        faults.append(f"the error's root is {root.tag}")
    if not root.findtext(paths[1], ""):
        faults.append(f"the error has no {paths[1]}")
    if not is_ec2 and root.findtext("{*}Error/{*}Type", "") not in ("Sender", "Receiver"):
        faults.append("the error does not say whose fault it is")
    return Refusal(answer.status, code, message), faults


def faults_of(service, operation, refusal):
    """Yields what is wrong with a refusal's code and status."""
    if not CODE.match(refusal.code):
        yield f"the error code is {refusal.code!r}"
        return
    if not refusal.message:
        yield f"{refusal.code} has no message"
    if service.protocol == "ec2":
        return
    declared = {}
    for shape in service.operation(operation).error_shapes:
        error = shape.metadata.get("error", {})
        declared[error.get("code", shape.name)] = error.get("httpStatusCode")
    common = EVERYWHERE | COMMON[service.protocol] | COMMON.get(service.name, set())
    if refusal.code not in declared and refusal.code not in common:
        yield f"{refusal.code} is no error of this operation: {sorted(declared)}"
    status = declared.get(refusal.code)
    if status and status != refusal.status:
        yield f"{refusal.code} has status {refusal.status}, the model says {status}"
