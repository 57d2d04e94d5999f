"""Runs a Lambda function in this Python: takes events from the Lambda Runtime API, calls the handler, posts answers.

What functions, their callers and their logs see is what AWS's own Python runtimes show: the context object, the
documents of errors, the logging handler, the words. Standard library only, Python 3.9 to 3.14; what is slow to import
is imported when it is needed. Written by atelier into the engine's folder; its settings are Lambda's own variables.

A line of the log that has several lines in it is written with `\\r` between them, so that it stays one event.
"""

import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback

API = "/2018-06-01/runtime/"
RUNTIME = os.environ.get("AWS_EXECUTION_ENV", "")
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
# The runtimes that AWS built before Python 3.12 escape what is not ASCII.
ESCAPES = RUNTIME in {"AWS_Lambda_python3.9", "AWS_Lambda_python3.10", "AWS_Lambda_python3.11"}
# This file as AWS names its own.
SHOWN = "/var/runtime/bootstrap.py"
SDK = {"boto3", "botocore", "s3transfer"}
# What a function finds at AWS although its archive does not hold it.
PROVIDED = SDK | {"awslambdaric", "dateutil", "jmespath", "pip", "setuptools", "simplejson", "six", "urllib3"}

# What AWS writes above an error that is met before the first event.
WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in "
    "rare cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed "
    "runtimes, runtime updates can be triggered by a function change, or can be applied automatically. To "
    "determine if the runtime has been updated, check the runtime version in the INIT_START log entry. If this "
    "error correlates with a change in the runtime version, you may be able to mitigate this error by temporarily "
    "rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html"
)

log_stream = sys.stdout
request_id = None
tenant_id = None


class Fault(Exception):
    """What is wrong with a function in the eyes of the runtime rather than of Python."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.document = error_document(message, "Runtime." + kind, trace)


class Gone(Exception):
    """The Runtime API does not answer: the engine ends this process or has ended itself."""


class RuntimeApi:
    """The Lambda Runtime API over one connection that is kept."""

    def __init__(self, authority):
        self.authority = authority
        host, port = authority.rsplit(":", 1)
        self.address = (host.strip("[]"), int(port))
        self.socket = None

    def next(self):
        """Waits for an event; gives the headers, in lower case, and the body."""
        status, headers, body = self.call("GET", "invocation/next")
        if status != 200:
            raise Gone()
        return headers, body

    def post_result(self, body, content_type):
        path = "invocation/{}/response".format(request_id)
        status, _, _ = self.call("POST", path, body, {"Content-Type": content_type})
        if status >= 400:
            line = "[ERROR] [{}] LAMBDA_RUNTIME Failed to post handler success response. Http response code: {}."
            log(line.format(int(time.time() * 1000), status))

    def post_error(self, path, document):
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": document["errorType"]}
        self.call("POST", path, json.dumps(document, ensure_ascii=ESCAPES).encode("utf-8", "backslashreplace"), headers)

    def call(self, method, path, body=b"", headers=None):
        is_kept = self.socket is not None
        try:
            return self.exchange(method, path, body, headers or {})
        except OSError:
            self.socket = None
        # A connection that was kept may have been closed meanwhile; a new one has no such excuse.
        try:
            if is_kept:
                return self.exchange(method, path, body, headers or {})
        except OSError:
            pass
        raise Gone()

    def exchange(self, method, path, body, headers):
        if self.socket is None:
            self.socket = socket.create_connection(self.address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.reader = self.socket.makefile("rb")
        lines = ["{} {}{} HTTP/1.1".format(method, API, path), "Host: " + self.authority]
        lines += ["{}: {}".format(name, header_text(value)) for name, value in headers.items()]
        lines += ["Content-Length: {}".format(len(body)), "", ""]
        self.socket.sendall("\r\n".join(lines).encode() + body)
        return self.answer()

    def answer(self):
        status = int((self.reader.readline() or self.broken()).split()[1])
        headers = {}
        while True:
            line = (self.reader.readline() or self.broken()).strip()
            if not line:
                break
            name, _, value = line.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("utf-8", "replace")
        length = int(headers.get("content-length", "0"))
        body = self.reader.read(length)
        if len(body) < length:
            self.broken()
        if headers.get("connection", "").lower() == "close":
            self.socket.close()
            self.socket = None
        return status, headers, body

    def broken(self):
        raise ConnectionError("the connection was closed")


def header_text(value):
    """A header is ASCII: the name of an exception's class need not be."""
    return value.encode("ascii", "backslashreplace").decode()


class Members:
    """An object of some members, each of them None where the client did not say."""

    names = ()

    def __init__(self, values=None):
        for name, key in self.names:
            setattr(self, name, (values or {}).get(key))

    def __repr__(self):
        members = ",".join("{}={}".format(name, getattr(self, name)) for name, _ in self.names)
        return "{}([{}])".format(type(self).__name__, members)


def same(*names):
    return tuple((name, name) for name in names)


class CognitoIdentity(Members):
    names = (("cognito_identity_id", "cognitoIdentityId"), ("cognito_identity_pool_id", "cognitoIdentityPoolId"))


class Client(Members):
    names = same("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(Members):
    names = same("custom", "env", "client")

    def __init__(self, values):
        super().__init__(values)
        if self.client is not None:
            self.client = Client(self.client)


class LambdaContext(Members):
    """What a handler is told about its invocation."""

    names = same(
        "aws_request_id",
        "log_group_name",
        "log_stream_name",
        "function_name",
        "memory_limit_in_mb",
        "function_version",
        "invoked_function_arn",
        "client_context",
        "identity",
        "tenant_id",
    )

    def __init__(self, headers):
        super().__init__()
        self.aws_request_id = request_id
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = tenant_id
        client = json_header(headers, "lambda-runtime-client-context", "Client Context")
        self.client_context = None if client is None else ClientContext(client)
        self.identity = CognitoIdentity(json_header(headers, "lambda-runtime-cognito-identity", "Cognito Identity"))
        self._deadline = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        log(str(message))


def json_header(headers, name, title):
    text = headers.get(name)
    if not text:
        return None
    try:
        return json.loads(text)
    except Exception as error:
        message = "Unable to parse {} JSON: {}".format(title, error)
        raise Fault("LambdaContextUnmarshalError", message) from None


class Encoder(json.JSONEncoder):
    """JSON with decimal numbers as numbers, bytes as text and named tuples as objects, as the encoder that AWS uses."""

    def __init__(self):
        super().__init__(ensure_ascii=ESCAPES)
        self.mark = None

    def default(self, value):
        if isinstance(value, bytes):
            return value.decode()
        if callable(getattr(value, "_asdict", None)):
            return plain(value._asdict())
        # Nobody has a decimal number who has not imported the module.
        decimals = sys.modules.get("decimal")
        if decimals is None or not isinstance(value, decimals.Decimal):
            return super().default(value)
        if value.is_nan():
            return float("nan")
        # The standard encoder cannot be given a number's text: it gets a string that nobody else writes.
        self.mark = self.mark or os.urandom(16).hex()
        return self.mark + str(value)

    def encode(self, value):
        # What it writes wrongly it asks nobody about.
        text = super().encode(plain(value) if is_unusual(value) else value)
        if self.mark is None:
            return text
        import re

        return re.sub('"' + self.mark + '([^"]*)"', r"\1", text)


def is_unusual(result):
    """Tells whether the standard encoder knows nothing of what is in a result: named tuples, keys of bytes."""
    stack, seen = [result], set()
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            if any(isinstance(key, bytes) for key in value):
                return True
            value = value.values()
        elif isinstance(value, tuple) and hasattr(value, "_asdict"):
            return True
        elif not isinstance(value, (list, tuple)):
            continue
        stack.extend(inner for inner in value if isinstance(inner, (dict, list, tuple)))
    return False


def plain(value):
    """Gives a value with dictionaries in the place of named tuples, and text in that of keys of bytes."""
    if isinstance(value, dict):
        return {key.decode() if isinstance(key, bytes) else key: plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    return [plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def to_json(result):
    """Gives a handler's result as bytes, and what they are."""
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return Encoder().encode(result).encode(), "application/json"
    except Exception as error:
        raise Fault("MarshalError", "Unable to marshal response: {}".format(error)) from None


def from_json(body):
    try:
        return json.loads(body)
    except Exception as error:
        raise Fault("UnmarshalError", "Unable to unmarshal input: {}".format(error)) from None


def error_document(message, kind, trace=None):
    return {"errorMessage": message, "errorType": kind, "requestId": request_id or "", "stackTrace": trace or []}


def document_of(error):
    """The error document of what a function raised, without the frames of this file above its own."""
    if isinstance(error, Fault):
        return error.document
    frames = traceback.extract_tb(error.__traceback__)
    frames = [(SHOWN if f.filename == __file__ else f.filename, f.lineno, f.name, f.line) for f in frames]
    own = next((at for at, frame in enumerate(frames) if frame[0] != SHOWN), 0)
    return error_document(str(error), type(error).__name__, traceback.format_list(frames[own:]))


def log(text):
    """Writes one event of the log, however many lines it has."""
    text = text[:-1] if text.endswith("\n") else text
    log_stream.write(text.replace("\n", "\r") + "\n")


def log_error(document):
    if JSON_LOGS:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return log(json.dumps({"timestamp": stamp, "log_level": "ERROR", **document}, ensure_ascii=ESCAPES))
    lines = ["[ERROR] {}: {}".format(document["errorType"], document["errorMessage"]).rstrip(" :")]
    lines.append("Traceback (most recent call last):")
    for line in "".join(text if text.endswith("\n") else text + "\n" for text in document["stackTrace"]).splitlines():
        # CloudWatch's console eats the spaces at a line's beginning.
        lines.append("\u00a0" * (len(line) - len(line.lstrip(" "))) + line.lstrip(" "))
    log("\n".join(lines))


class LogHandler(logging.Handler):
    def emit(self, record):
        try:
            log(self.format(record))
        except Exception:
            self.handleError(record)

    def filter(self, record):
        record.aws_request_id = request_id or ""
        record.tenant_id = tenant_id
        return super().filter(record)


class JsonFormatter(logging.Formatter):
    STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id", "tenant_id"}

    def format(self, record):
        kind, error, trace = record.exc_info or (None, None, None)
        level = logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10)
        entry = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": level,
            "message": record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(trace) if kind else None,
            "errorType": kind.__name__ if kind else None,
            "errorMessage": str(error) if kind else None,
            "requestId": record.aws_request_id,
            "location": "{}:{}:{}".format(record.pathname, record.funcName, record.lineno) if kind else None,
            "tenantId": record.tenant_id,
        }
        for name, value in vars(record).items():
            if name not in self.STANDARD:
                entry.setdefault(name, value)
        return json.dumps({name: value for name, value in entry.items() if value is not None}, ensure_ascii=False)


def set_up_logging():
    # Both pipes lead to the same log: one pipe keeps the order of what is written to them.
    os.dup2(1, 2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", write_through=True, line_buffering=True)
    logging.Formatter.converter = time.gmtime
    handler, root = LogHandler(), logging.getLogger()
    line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    handler.setFormatter(JsonFormatter() if JSON_LOGS else logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if isinstance(logging.getLevelName(level), int):
        root.setLevel(level)


def load(name):
    """Imports the module of a handler's name and finds the handler in it."""
    try:
        module_name, function = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("MalformedHandlerName", "Bad handler '{}': {}".format(name, error)) from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = "Cannot use built-in module {} as a handler module".format(module_name)
        raise Fault("BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        hint_at_sdk(error)
        raise Fault("ImportModuleError", "Unable to import module '{}': {}".format(module_name, error)) from None
    except SyntaxError as error:
        trace = ['  File "{}" Line {}\n    {}'.format(error.filename, error.lineno, error.text)]
        message = "Syntax error in module '{}': {}".format(module_name, error)
        raise Fault("UserCodeSyntaxError", message, trace) from None
    try:
        handler = getattr(module, function)
    except AttributeError:
        message = "Handler '{}' missing on module '{}'".format(function, module_name)
        raise Fault("HandlerNotFound", message) from None
    tell_strangers(module)
    return handler


def hint_at_sdk(error):
    """Says how to get the AWS SDK, when that is what a function lacks."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in SDK:
        runtime = RUNTIME.replace("AWS_Lambda_", "")
        log("atelier: this Python has no `{}`; `atelier runtimes install {}` gets it".format(error.name, runtime))


def tell_strangers(module):
    """Says which packages come from this machine's Python: AWS has none of them."""
    import site

    places = tuple(folder + os.sep for folder in [*site.getsitepackages(), site.getusersitepackages()])
    values = list(vars(module).values())
    names = {getattr(value, "__name__" if type(value) is type(os) else "__module__", None) or "" for value in values}
    for name in sorted({name.split(".")[0] for name in names if isinstance(name, str)} - PROVIDED):
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        if file.startswith(places):
            log("atelier: `{}` comes from this machine's Python; AWS has it only if the archive does".format(name))


def handle(api, handler, headers, body):
    try:
        result, content_type = to_json(handler(from_json(body), LambdaContext(headers)))
    except Exception as error:
        hint_at_sdk(error)
        document = document_of(error)
        log_error(document)
        api.post_error("invocation/{}/error".format(request_id), document)
    else:
        api.post_result(result, content_type)


def serve(api, handler):
    global request_id, tenant_id
    while True:
        headers, body = api.next()
        request_id = headers.get("lambda-runtime-aws-request-id", "")
        tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        trace = headers.get("lambda-runtime-trace-id")
        if trace is None:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        else:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        handle(api, handler, headers, body)


def main():
    set_up_logging()
    if "_ATELIER_HOSTS" in os.environ:
        import python_hosts  # noqa: F401: it does what it does when it is imported
    # The function's own modules come first, and this file's folder is not one of theirs.
    sys.path[0] = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        try:
            handler = load(os.environ.get("_HANDLER", ""))
        except Exception as error:
            document = document_of(error)
            logging.warning(WARNING)
            log_error(document)
            api.post_error("init/error", document)
            sys.exit(1)
        serve(api, handler)
    except Gone:
        sys.exit(1)


if __name__ == "__main__":
    main()
