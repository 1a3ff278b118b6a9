"""python-gitlab's GraphQL client manages destinations with the requests that GitLab documents."""

import gitlab
import pytest

CREATE = """
mutation {
  instanceExternalAuditEventDestinationCreate(input: {destinationUrl: "https://siem.example.com/events"}) {
    errors
    instanceExternalAuditEventDestination { destinationUrl id name verificationToken }
  }
}
"""

LIST = """
query {
  instanceExternalAuditEventDestinations {
    nodes { id destinationUrl headers { nodes { key value active } } eventTypeFilters }
  }
}
"""

ADD_HEADER = """
mutation($id: AuditEventsInstanceExternalAuditEventDestinationID!) {
  auditEventsStreamingInstanceHeadersCreate(input: {destinationId: $id, key: "X-Team", value: "security"}) {
    errors
    header { id key value active }
  }
}
"""

ADD_FILTER = """
mutation($id: AuditEventsInstanceExternalAuditEventDestinationID!) {
  auditEventsStreamingDestinationInstanceEventsAdd(input: {destinationId: $id, eventTypeFilters: ["user_created"]}) {
    errors
    eventTypeFilters
  }
}
"""

DELETE = """
mutation($id: AuditEventsInstanceExternalAuditEventDestinationID!) {
  instanceExternalAuditEventDestinationDestroy(input: {id: $id}) { errors }
}
"""


@pytest.fixture(scope="module")
def client(instance):
    return gitlab.GraphQL(instance.url, token=instance.token("manager", "admin"))


def test_a_destination_is_created_filled_in_listed_and_deleted(client):
    created = client.execute(CREATE)["instanceExternalAuditEventDestinationCreate"]
    destination = created["instanceExternalAuditEventDestination"]
    assert created["errors"] == []
    assert destination["destinationUrl"] == "https://siem.example.com/events"
    assert len(destination["verificationToken"]) == 24
    these = {"id": destination["id"]}

    header = client.execute(ADD_HEADER, variable_values=these)["auditEventsStreamingInstanceHeadersCreate"]
    assert (header["errors"], header["header"]["key"], header["header"]["active"]) == ([], "X-Team", True)
    added = client.execute(ADD_FILTER, variable_values=these)["auditEventsStreamingDestinationInstanceEventsAdd"]
    assert added == {"errors": [], "eventTypeFilters": ["user_created"]}

    (listed,) = client.execute(LIST)["instanceExternalAuditEventDestinations"]["nodes"]
    assert listed == {
        "id": destination["id"],
        "destinationUrl": "https://siem.example.com/events",
        "headers": {"nodes": [{"key": "X-Team", "value": "security", "active": True}]},
        "eventTypeFilters": ["user_created"],
    }
    assert client.execute(DELETE, variable_values=these)["instanceExternalAuditEventDestinationDestroy"] == {"errors": []}
    assert client.execute(LIST)["instanceExternalAuditEventDestinations"]["nodes"] == []
