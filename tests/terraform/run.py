"""Stacks of Terraform against an engine: applied, planned empty, changed in place, planned empty again, destroyed.

    python run.py --providers FOLDER [--together] [--example BINARY] [--stacks FOLDER] [STACK…]

`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_DEFAULT_REGION` say which engine; FOLDER is a
filesystem mirror that has hashicorp/aws. Each stack is a module below `stacks`; with `--together` all of them are one
configuration with default tags, whose first apply is interrupted and goes on. With `--example` it is `examples/terraform`,
its function the atelier that BINARY is, and its API is called. What does not hold is printed with what Terraform said, and
the exit code is 1.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

import left

HERE = pathlib.Path(__file__).parent
BOOTSTRAP = "#!/bin/sh\nexec sleep 1\n"
PYTHON = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n"
MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "second" {
  type    = bool
  default = false
}

provider "aws" {
  skip_metadata_api_check = true
%s}
"""
TAGS = """
  default_tags {
    tags = { owner = "terraform" }
  }
"""


class Failed(Exception):
    """A step that did not do what it should."""


def archive(path, name, text):
    with zipfile.ZipFile(path, "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o755 << 16
        made.writestr(entry, text)
    return path


class Run:
    """One configuration in a folder of its own."""

    def __init__(self, folder, providers, stacks, names, together, label=None):
        self.folder = folder
        self.label = label or ("together" if together else names[0])
        self.names = names
        folder.mkdir(parents=True)
        config = folder / "terraform.rc"
        mirror = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{providers}"\n  }}\n}}\n'
        config.write_text("disable_checkpoint = true\n" + mirror)
        self.environment = {
            **{name: os.environ[name] for name in os.environ if name.startswith("AWS_")},
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(config),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        inputs = {
            "zip": archive(folder / "code.zip", "bootstrap", BOOTSTRAP),
            "python_zip": archive(folder / "python.zip", "app.py", PYTHON),
        }
        main = MAIN % (TAGS if together else "")
        for name in names:
            text = (stacks / name / "main.tf").read_text()
            given = [f'  {key} = "{path}"\n' for key, path in inputs.items() if f'variable "{key}"' in text]
            main += f'\nmodule "{name}" {{\n  source = "{stacks / name}"\n  second = var.second\n{"".join(given)}}}\n'
        (folder / "main.tf").write_text(main)

    def start(self, *arguments):
        return subprocess.Popen(
            ["terraform", *arguments, "-no-color"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def step(self, what, *arguments, codes=(0,)):
        began = time.monotonic()
        process = self.start(*arguments)
        said, _ = process.communicate()
        print(f"{self.label}: {what}: {time.monotonic() - began:.1f} s", flush=True)
        if process.returncode not in codes:
            raise Failed(f"{what} ended with {process.returncode}:\n{said}")
        return said

    def plan(self, what, *arguments):
        self.step(what, "plan", "-input=false", "-detailed-exitcode", "-parallelism=40", *arguments)

    def apply(self, what, *arguments):
        self.step(what, "apply", "-input=false", "-auto-approve", "-parallelism=40", *arguments)

    def interrupt(self):
        """Applies until instances are on their way, and asks Terraform to stop: it leaves them half made."""
        process = self.start("apply", "-input=false", "-auto-approve", "-target=module.instances")
        said = []
        for line in process.stdout:
            said.append(line)
            if "Still creating" in line:
                process.send_signal(signal.SIGINT)
                break
        said += process.stdout
        if process.wait() == 0:
            raise Failed(f"the apply was not interrupted:\n{''.join(said)}")

    def run(self, together):
        self.step("init", "init", "-input=false")
        if together and "instances" in self.names:
            self.interrupt()
        self.apply("apply")
        # What was looked at again is in the state: the plan needs no other look.
        self.apply("refresh", "-refresh-only")
        self.plan("plan", "-refresh=false")
        self.apply("change", "-var=second=true")
        self.plan("plan of the change", "-var=second=true")

    def destroy(self):
        self.step("destroy", "apply", "-destroy", "-input=false", "-auto-approve", "-parallelism=40", "-var=second=true")


class Example(Run):
    """The example configuration as it is, and calls of its API."""

    def __init__(self, folder, providers, binary):
        super().__init__(folder, providers, None, [], False, "example")
        shutil.copy(HERE.parent.parent / "examples/terraform/main.tf", folder / "main.tf")
        with zipfile.ZipFile(folder / "function.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
            made.write(binary, "bootstrap")
        machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
        self.environment["TF_VAR_architecture"] = machine

    def call(self, query, expected):
        path = self.step("output", "output", "-raw", "path").strip()
        with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}{path}?{query}", timeout=60) as answer:
            seen = json.load(answer)
        if any(seen.get(name) != value for name, value in expected.items()):
            raise Failed(f"{query} answered {seen}, not {expected}")

    def run(self, together):
        self.step("init", "init", "-input=false")
        self.apply("apply")
        self.plan("plan")
        self.call("action=status", {"state": "running", "type": "t2.micro"})
        self.call("action=stop", {"status": "stopped", "state": "stopped"})
        self.call("action=start", {"status": "started", "state": "running"})
        self.plan("plan after the calls")

    def destroy(self):
        self.step("destroy", "apply", "-destroy", "-input=false", "-auto-approve")


def hold(run, together):
    """Runs one configuration; tells what is wrong with it."""
    before = left.everything()
    wrong = []
    try:
        run.run(together)
    except Failed as failed:
        wrong.append(str(failed))
    try:
        run.destroy()
    except Failed as failed:
        wrong.append(str(failed))
    after = left.everything()
    wrong += [f"left behind: {line}" for line in sorted(after - before)]
    wrong += [f"gone: {line}" for line in sorted(before - after)]
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--providers", required=True)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--example")
    parser.add_argument("--stacks", type=pathlib.Path, default=HERE / "stacks")
    parser.add_argument("stack", nargs="*")
    given = parser.parse_args()
    names = given.stack or sorted(path.parent.name for path in given.stacks.glob("*/main.tf"))
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        place, providers, stacks = pathlib.Path(folder), given.providers, given.stacks.resolve()
        groups = [names] if given.together else [[name] for name in names]
        if given.example:
            runs = [Example(place / "example", providers, given.example)]
        else:
            runs = [Run(place / group[0], providers, stacks, group, given.together) for group in groups]
        for run in runs:
            wrong = hold(run, given.together)
            for text in wrong:
                print(f"{run.label}: {re.sub(r'^', '    ', text, flags=re.MULTILINE).strip()}", flush=True)
            print(f"{run.label}: {'does not hold' if wrong else 'holds'}", flush=True)
            failed += [run.label] if wrong else []
    print(f"{len(runs) - len(failed)} of {len(runs)} hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
