"""A server of the real program for each module, on an empty data folder."""

import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

PROGRAM = os.environ.get("AUDIT_STREAMS_BIN", "target/debug/audit-streams")
LISTENING = re.compile(r"Listening on (http://\S+)")


@dataclass
class Instance:
    url: str
    folder: Path

    def token(self, name: str, *scopes: str) -> str:
        wanted = [part for scope in scopes for part in ("--scope", scope)]
        command = [PROGRAM, "token", "create", "--name", name, *wanted, "--data-dir", str(self.folder)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]

    def post_events(self, token: str, events: list) -> None:
        answer = requests.post(f"{self.url}/api/v1/audit_events", json=events, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def instance():
    with serving() as instance:
        yield instance


@contextmanager
def serving(**more: str):
    """A server with these environment variables besides."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            **os.environ,
            "AUDIT_STREAMS_DATA_DIR": folder,
            "AUDIT_STREAMS_LISTEN": "127.0.0.1:0",
            "AUDIT_STREAMS_LOG_LEVEL": "warn",
            "AUDIT_STREAMS_API_RATE": "0",
            "AUDIT_STREAMS_ALLOW_LOCAL_NETWORK": "true",
            **more,
        }
        with subprocess.Popen([PROGRAM, "serve"], env=variables, stdout=subprocess.PIPE, text=True) as server:
            try:
                lines = iter(server.stdout.readline, "")
                found = next(filter(None, map(LISTENING.search, lines)), None)
                assert found, "the server did not start"
                yield Instance(found.group(1), Path(folder))
            finally:
                server.terminate()
                assert server.wait(30) == 0, "the server did not end well"
