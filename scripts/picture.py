#!/usr/bin/env python3
"""picture.py ATELIER : runs the binary in an empty folder and draws what a terminal shows into docs/picture.svg.

The embedded engine on any free port is enough for it; nothing of the machine's own is shown or changed.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from unicodedata import east_asian_width

COMMANDS = [["up"], ["deploy"], ["call", "stop"], ["status"]]
FOREGROUND, BACKGROUND = "#d8dee9", "#1e222a"
COLOURS = {"1": "#ffffff", "2": "#8b95a7", "31": "#e06c75", "32": "#98c379", "33": "#e5c07b", "36": "#88c0d0"}
ADVANCE, LINE, MARGIN, SIZE = 8.43, 20, 24, 14
ROOT = Path(__file__).resolve().parent.parent


def port() -> str:
    """Gives the port that users see, where it is free."""
    with socket.socket() as probe:
        return "4566" if probe.connect_ex(("127.0.0.1", 4566)) else "0"


def run(binary: str) -> list[str]:
    """Gives the lines of the session, with their escape sequences."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": folder, "ATELIER_ENGINE": "embedded", "ATELIER_PORT": port(),
            "CLICOLOR_FORCE": "1", "LANG": "en_US.UTF-8",
        }
        def atelier(*words: str) -> str:
            done = subprocess.run([binary, *words], env=environment, cwd=folder, text=True, timeout=120, check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return done.stdout
        try:
            for words in COMMANDS:
                lines.append(f"\x1b[36m$\x1b[0m \x1b[1matelier {' '.join(words)}\x1b[0m")
                lines.extend(atelier(*words).rstrip("\n").split("\n"))
                lines.append("")
        finally:
            atelier("down")
    return lines[:-1]


def width(text: str) -> int:
    """Columns of a text; what is wide in a terminal takes two."""
    return sum(0 if c == "\ufe0f" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def spans(line: str) -> list[tuple[int, str, str]]:
    """Cuts a line into runs of one colour: the column, the colour, the text."""
    runs, column, colour = [], 0, FOREGROUND
    for at, part in enumerate(re.split(r"\x1b\[([0-9;]*)m", line)):
        if at % 2:
            colour = next((COLOURS[code] for code in reversed(part.split(";")) if code in COLOURS), FOREGROUND)
        elif part:
            runs.append((column, colour, part))
            column += width(part)
    return runs


def draw(lines: list[str]) -> str:
    """Draws the lines in a window."""
    columns = max(width(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    wide, high = round(columns * ADVANCE) + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN + 12
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img"'
        ' aria-label="A terminal: atelier up, deploy, call stop, status">',
        f'<rect width="{wide}" height="{high}" rx="10" fill="{BACKGROUND}"/>',
        *(f'<circle cx="{20 + 18 * n}" cy="18" r="6" fill="{c}"/>' for n, c in enumerate(["#e06c75", "#e5c07b", "#98c379"])),
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{SIZE}" xml:space="preserve">',
    ]
    for row, line in enumerate(lines):
        for column, colour, text in spans(line):
            x, y = MARGIN + column * ADVANCE, MARGIN + 24 + row * LINE
            out.append(f'<text x="{x:.1f}" y="{y}" fill="{colour}" textLength="{width(text) * ADVANCE:.1f}">{escape(text)}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def main() -> None:
    picture = ROOT / "docs" / "picture.svg"
    picture.write_text(draw(run(os.path.abspath(sys.argv[1]))), encoding="utf-8")
    print(picture)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    main()
