"""Every operation of the OpenAPI document, asked with what its schema allows and with what it does not.

No answer may be a failure of the server, and each has to be one that the document tells of: its status, content type,
headers and body. Who may ask is tested beside the server (`server/tests/it/api_access.rs`): as many bad tokens as this tool
would try are slowed down.
"""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


@schemathesis.serializer("application/x-ndjson")
def send_text_as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


schema = schemathesis.openapi.from_path(Path(__file__).parents[2] / "docs/openapi.json")


class Refusing(BaseHTTPRequestHandler):
    """A destination that wants none of it."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(422)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"no")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def refusing():
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def token(instance, refusing):
    """The token that asks; with it there are events, and destinations of which one has refused some."""
    token = instance.token("schemathesis", "admin")
    bucket = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "s3cret", "region": "us-east-1", "bucket": "audit"}
    asking = requests.Session()
    asking.headers["Authorization"] = f"Bearer {token}"
    destinations = f"{instance.url}/api/v1/destinations"
    for destination in ({"name": "Refusing", "http": {"url": refusing}}, {"name": "Bucket", "aws": bucket, "paused": True}):
        added = asking.post(destinations, json=destination)
        assert added.status_code == 201, added.text
    instance.post_events(instance.token("poster", "ingest"), [{"event_type": "tick"} for _ in range(30)])
    give_up_at = time.monotonic() + 30
    while not asking.get(f"{destinations}/1/attempts").json()["items"]:
        assert time.monotonic() < give_up_at, "nothing was refused"
    return token


@schema.parametrize()
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_documented(case, instance, token):
    # The only token there is would revoke itself, and everything after it would be refused.
    assume((case.method, case.formatted_path) != ("DELETE", "/api/v1/tokens/1"))
    case.call_and_validate(base_url=instance.url, headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
