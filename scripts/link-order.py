#!/usr/bin/env python3
"""link-order.py : writes link/order.ld anew, which puts the functions that the docker proxy runs side by side.

Builds a release binary with its symbols, runs the proxy in valgrind's callgrind before a daemon of its own making, and
lists the sections of the functions that were called. Only as good as it is recent, and never wrong: what it does not
name is linked as usual, and what is not there any more matches nothing.
"""
import json
import os
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "target/link-order"
TOKEN, OWNER = "t" * 32, "0" * 32
CALLS = [("GET", "/_ping"), ("GET", "/containers"), ("GET", "/containers/mine"), ("GET", "/containers/absent"),
         ("POST", "/containers/mine/stop"), ("POST", "/containers/mine/start"), ("GET", "/version")]
# A name that many instances of a generic function share goes last when it is this many times what was called of it.
SPARSE = 4


class Daemon(BaseHTTPRequestHandler):
    """Docker, as far as the proxy asks it."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        container = {"Id": "c" * 64, "Names": ["/mine"], "Image": "nginx:alpine", "State": "running",
                     "Labels": {"atelier.owner": OWNER}}
        self.answer(200, json.dumps([container] * 20) if "json" in self.path else "OK")

    def do_POST(self) -> None:
        self.answer(204, "")

    def address_string(self) -> str:
        return "proxy"

    def log_message(self, *_: object) -> None:
        pass


def build() -> tuple[Path, Path]:
    """Builds the binary with its symbols, and the linker's map of it."""
    host = re.search(r"^host: (.*)$", subprocess.check_output(["rustc", "-vV"], text=True), re.M)[1]
    linked = BUILD / "map"
    flags = json.dumps([f"-Clink-arg=-Wl,-Map={linked}", "-Clink-arg=-Wl,--no-demangle"])
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "atelier", "--target-dir", BUILD,
                    "--config", "profile.release.strip=false", "--config", f"target.{host}.rustflags={flags}"],
                   cwd=ROOT, check=True)
    return BUILD / host / "release/atelier", linked


def called(binary: Path) -> set[str]:
    """Runs the proxy and gives the symbols of every function that was called."""
    with tempfile.TemporaryDirectory() as folder:
        path, profile, port = f"{folder}/docker.sock", f"{folder}/profile", 23751
        daemon = socketserver.ThreadingUnixStreamServer(path, Daemon)
        threading.Thread(target=daemon.serve_forever, daemon=True).start()
        environment = {**os.environ, "ATELIER_PROXY_LISTEN": f"127.0.0.1:{port}", "ATELIER_PROXY_TOKEN": TOKEN,
                       "ATELIER_OWNER": OWNER, "ATELIER_DOCKER_SOCKET": path}
        command = ["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}", binary, "@proxy"]
        proxy = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while answer(port, *CALLS[0]) != 200:
            if time.monotonic() > deadline:
                sys.exit("the proxy does not answer")
            time.sleep(0.2)
        answers = [answer(port, *call) for call in CALLS]
        proxy.terminate()
        proxy.wait(timeout=60)
        if answers != [200, 200, 200, 404, 200, 200, 404]:
            sys.exit(f"unexpected answers: {answers}")
        names = re.findall(r"^c?fn=\(\d+\) (\S+)", Path(profile).read_text(), re.M)
    return {re.sub(r"'\d+$", "", name) for name in names}


def answer(port: int, method: str, path: str) -> int:
    """Makes a call and gives its status, 0 without an answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    request.add_header("Authorization", f"Bearer {TOKEN}")
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def pattern(file: str, section: str) -> str | None:
    """Names an input section so that the next build's matches, too: without hashes and numbers of copies."""
    library = re.search(r"/libc\.a\((\S+)\)$", file)
    if library:
        return f"*libc.a:{library[1]}(.text .text.*)"
    if not section.startswith(".text._"):
        return None
    name = re.sub(r"17h[0-9a-f]{16}E.*$", "17h*", section)
    name = re.sub(r"Cs[0-9A-Za-z]+_(?=\d)", "Cs*_", re.sub(r"\.\d+$", "*", name))
    return f"*({name.replace('$', '?')})"


def order(linked: Path, functions: set[str]) -> list[str]:
    """Gives the patterns of the sections that hold those functions, the sparse ones last."""
    every, wanted, current, is_counted = Counter(), Counter(), None, False
    for line in linked.read_text().splitlines():
        fields = line.split(None, 4)
        if len(fields) < 5:
            continue
        size, name = int(fields[2], 16) if fields[2] != "Size" else 0, fields[4]
        section = re.match(r"(\S+):\((\.text\S*)\)$", name)
        if section:
            current, room = pattern(*section.groups()), size
            every[current] += size
            is_counted = False
        elif current and size and name in functions and not is_counted:
            wanted[current] += room
            is_counted = True
    sparse = {name: every[name] > SPARSE * wanted[name] + 4096 for name in wanted}
    return sorted(wanted, key=lambda name: (sparse[name], every[name] - wanted[name] if sparse[name] else 0, name))


def main() -> None:
    binary, linked = build()
    lines = order(linked, called(binary))
    (ROOT / "link/order.ld").write_text(
        "/* Functions that the docker proxy runs, side by side: the kernel maps a binary in pieces of 64 KiB, and scattered\n"
        "   over all of it they keep twice the memory. Written by scripts/link-order.py; ld and lld read it beside their own. */\n"
        "SECTIONS\n{\n  .text.often :\n  {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n}\nINSERT BEFORE .text;\n")
    print(f"link/order.ld has {len(lines)} lines")


if __name__ == "__main__":
    main()
