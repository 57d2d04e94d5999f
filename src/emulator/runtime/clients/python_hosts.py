"""Lets names that only LocalStack's networks know lead to this machine, for functions of a lenient engine.

`_ATELIER_HOSTS` lists them: a name, `*.` and a domain, or an address with the port at which it is meant.
"""

import os
import socket

HERE = "127.0.0.1"
names = {name.strip().lower() for name in os.environ.get("_ATELIER_HOSTS", "").split(",") if name.strip()}
domains = tuple(name[1:] for name in names if name.startswith("*."))


def here(host, port=None):
    """Gives this machine's address for a name that leads here, else the host as it is."""
    text = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host
    if not isinstance(text, str):
        return host
    text = text.lower().rstrip(".")
    is_here = text in names or text.endswith(domains) or "{}:{}".format(text, port) in names
    return HERE if is_here else host


def patch(name, has_port):
    resolve = getattr(socket, name)

    def patched(host, *args, **kwargs):
        port = kwargs.get("port", args[0] if args else None) if has_port else None
        return resolve(here(host, port), *args, **kwargs)

    setattr(socket, name, patched)


patch("getaddrinfo", True)
patch("gethostbyname", False)
patch("gethostbyname_ex", False)
