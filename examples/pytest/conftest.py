"""An engine for the tests of a session: on a free port, in a folder of its own, gone when the session ends.

`ATELIER` names the binary where it is not on the PATH.
"""

import json
import os
import subprocess

import pytest

ATELIER = os.environ.get("ATELIER", "atelier")


class Engine:
    """An engine, and `atelier` in its folder."""

    def __init__(self, folder):
        self.folder = folder
        self.run("up", "--engine", "embedded", "--port", "0")
        self.variables = self.run("env")["variables"]

    def run(self, *args):
        """Runs a command of atelier's and returns its data; what fails fails the test, in atelier's words."""
        command = [ATELIER, *args, "--json", "--folder", str(self.folder)]
        ended = subprocess.run(command, capture_output=True, text=True)
        answer = json.loads(ended.stdout)
        assert answer["status"] == "ok", answer["error"]
        return answer["data"]


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """An engine that every test of the session uses."""
    engine = Engine(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.run("down", "--yes")


@pytest.fixture(autouse=True)
def aws(engine, monkeypatch):
    """Leads every AWS client of a test to the engine, and none to an account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in engine.variables.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def stack(engine):
    """What `atelier deploy` makes: the instance, the function and the API in front of it."""
    return engine.run("deploy")
