"""Every operation of the OpenAPI document, asked with what its schema allows and with what it does not.

No answer may be a failure of the server, and each has to be one that the document tells of: its status, content type,
headers and body. Who may ask is tested beside the server (`server/tests/it/api_access.rs`): as many bad tokens as this tool
would try are slowed down.
"""

from pathlib import Path

import pytest
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


@pytest.fixture(scope="module")
def token(instance):
    return instance.token("schemathesis", "admin")


@schema.parametrize()
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_documented(case, instance, token):
    # The only token there is would revoke itself, and everything after it would be refused.
    assume((case.method, case.formatted_path) != ("DELETE", "/api/v1/tokens/1"))
    case.call_and_validate(base_url=instance.url, headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
