"""What the embedded engine takes and keeps, or takes and shows, without any effect: by service, operation and member.

    python kept.py > docs/kept.md

`members` walks AWS's models against this list; everything else that an engine takes works, and the rest is refused by name.
"""

# Members that mean the same in every operation, and how they work.
EVERYWHERE = {
    "DryRun": "tells whether the call would succeed",
    "ClientToken": "makes the call repeatable",
}

NO_MACHINE = "no machine runs; it is shown as it was set"

KEPT = {
    "ec2": {
        "DetachVolume": {"Force": "nothing holds on to a volume"},
        "DetachNetworkInterface": {"Force": "nothing holds on to an interface"},
        "StopInstances": {
            "Force": "there is no system that would have to be shut down",
            "SkipOsShutdown": "there is no system that would have to be shut down",
        },
        "TerminateInstances": {
            "Force": "there is no system that would have to be shut down",
            "SkipOsShutdown": "there is no system that would have to be shut down",
        },
        "StartInstances": {"AdditionalInfo": "reserved by AWS"},
        "CreateImage": {"NoReboot": "nothing runs that would have to be stopped"},
    },
}


def document():
    """Writes the list for people."""
    lines = [
        "# What is kept without effect",
        "",
        "The embedded engine refuses, by name, what it cannot do. What is on this list it takes: because AWS's clients send",
        "it, and because it means nothing where no machine, no network and no bill is. Everything else that it takes works.",
        "",
        "This page is made from `tests/models/kept.py`, which a test walks against AWS's public models.",
    ]
    for service in sorted(KEPT):
        lines += ["", f"## {service}", "", "| operation | member | why |", "| --- | --- | --- |"]
        for operation in sorted(KEPT[service]):
            for member, reason in sorted(KEPT[service][operation].items()):
                lines.append(f"| {operation} | `{member}` | {reason} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")
