"""Calls as an SDK makes them, and the bytes that come back: botocore writes and signs, http.client sends."""

import copy
import http.client
import json
import urllib.parse
from dataclasses import dataclass, field

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

import cbor

# No answer takes longer unless something hangs, in seconds.
DEADLINE = 30
REGION = "us-east-1"

LOADER = botocore.loaders.Loader()

# The services whose model has another name than their calls are signed for.
MODELS = {"monitoring": "cloudwatch"}
CBOR = "smithy-rpc-v2-cbor"


@dataclass
class Draft:
    """A request that can still be spoilt: what a protocol writes, before it is bytes."""

    method: str
    path: str
    query: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    # The parameters of a query protocol, the document of a JSON or CBOR protocol, or the bytes of a payload.
    body: object = None
    is_cbor: bool = False

    def copy(self):
        return copy.deepcopy(self)

    def bytes(self):
        if isinstance(self.body, Form):
            return urllib.parse.urlencode(self.body).encode()
        if isinstance(self.body, (dict, list)):
            return cbor.dumps(self.body) if self.is_cbor else json.dumps(self.body).encode()
        return self.body or b""


class Form(dict):
    """The parameters of a query protocol."""


@dataclass
class Answer:
    """What came back, as it came."""

    status: int
    headers: dict
    body: bytes

    @property
    def is_success(self):
        return 200 <= self.status < 300


class Service:
    """One service of the model, and how to call it: in one of its protocols."""

    def __init__(self, name, endpoint, credentials, protocol=None):
        self.name = name
        known = MODELS.get(name, name)
        self.model = botocore.model.ServiceModel(LOADER.load_service_model(known, "service-2"), known)
        self.pagers = LOADER.load_service_model(known, "paginators-1")["pagination"]
        self.protocols = self.model.metadata.get("protocols", [self.model.metadata["protocol"]])
        self.protocol = protocol or next(known for known in self.protocols if known != CBOR)
        self.is_query = self.protocol in ("ec2", "query")
        # Whether calls are a document of members and nothing else.
        self.is_document = self.protocol in ("json", CBOR)
        self.serializer = botocore.serialize.create_serializer(self.protocol, include_validation=False)
        self.parser = botocore.parsers.create_parser(self.protocol)
        self.signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*credentials), self.signing_name, REGION)
        self.host = urllib.parse.urlsplit(endpoint).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=DEADLINE)

    @property
    def signing_name(self):
        return self.model.metadata.get("signingName") or self.model.metadata["endpointPrefix"]

    def operation(self, name):
        return self.model.operation_model(name)

    def draft(self, operation, given):
        """Writes a call without sending it."""
        written = self.serializer.serialize_to_request(given, self.operation(operation))
        body, path = written["body"], written["url_path"]
        path, _, fixed = path.partition("?")
        query = urllib.parse.parse_qsl(fixed, keep_blank_values=True)
        for name, value in dict(written["query_string"]).items():
            query.extend((name, str(one)) for one in (value if isinstance(value, list) else [value]))
        if self.is_query:
            body = Form(body)
        elif self.has_document(operation):
            body = self.document(body) if body else {}
        elif isinstance(body, str):
            body = body.encode()
        return Draft(written["method"], path, query, dict(written["headers"]), body, self.protocol == CBOR)

    def document(self, body):
        """Reads a document of members; raises ValueError where it is none, or says one twice."""
        return cbor.loads(body) if self.protocol == CBOR else json.loads(body, object_pairs_hook=without_twins)

    def has_document(self, operation):
        """Whether the body of the operation's requests is a document of members."""
        if self.is_document:
            return True
        shape = self.operation(operation).input_shape
        if self.is_query or shape is None or "payload" in shape.serialization:
            return False
        return any("location" not in member.serialization for member in shape.members.values())

    def send(self, draft):
        """Signs and sends a call, and waits for the answer."""
        url = f"http://{self.host}{draft.path}"
        if draft.query:
            url += "?" + urllib.parse.urlencode(draft.query)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"} if self.is_query else {}
        headers |= draft.headers
        request = botocore.awsrequest.AWSRequest(draft.method, url, headers, draft.bytes())
        self.signer.add_auth(request)
        sent = request.prepare()
        target = sent.url.removeprefix(f"http://{self.host}")
        headers = {name: text(value) for name, value in sent.headers.items()}
        for attempt in (1, 2):
            try:
                self.connection.request(sent.method, target, sent.body or b"", headers)
                answer = self.connection.getresponse()
                return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # The server may end a connection that was idle, or on which it refused a body unread.
                self.connection.close()
                if attempt == 2:
                    raise

    def call(self, operation, given):
        """Makes a call that must succeed, and gives the answer as an SDK sees it."""
        answer = self.send(self.draft(operation, given))
        if not answer.is_success:
            raise Refused(f"{self.name} {operation}: {answer.status} {answer.body[:300].decode(errors='replace')}")
        return self.parsed(operation, answer)

    def parsed(self, operation, answer):
        """What an SDK makes of an answer."""
        shape = self.operation(operation).output_shape
        headers = botocore.awsrequest.HeadersDict(answer.headers)
        context = {"operation_name": operation}
        response = {"status_code": answer.status, "headers": headers, "body": answer.body, "context": context}
        parsed = self.parser.parse(response, shape)
        parsed.pop("ResponseMetadata", None)
        return parsed


class Services(dict):
    """The services of an engine by name, each model read when it is first needed."""

    def __init__(self, endpoint, credentials):
        super().__init__()
        self.endpoint, self.credentials = endpoint, credentials

    def __missing__(self, name):
        self[name] = Service(name, self.endpoint, self.credentials)
        return self[name]


def without_twins(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a member comes twice among {names}")
    return dict(pairs)


class Refused(Exception):
    """A call of a table's own preparations was refused."""


def text(value):
    return value.decode() if isinstance(value, bytes) else value
