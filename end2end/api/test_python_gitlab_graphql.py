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


UPDATE = """
mutation($id: AuditEventsInstanceExternalAuditEventDestinationID!) {
  instanceExternalAuditEventDestinationUpdate(input: {id: $id, name: "Renamed", active: false}) {
    errors
    instanceExternalAuditEventDestination { name active }
  }
}
"""

CREATE_UNIFIED = """
mutation($config: JSON!) {
  instanceAuditEventStreamingDestinationsCreate(input: {name: "Archive", category: "aws", secretToken: "secret/of+the/bucket", config: $config}) {
    errors
    externalAuditEventDestination { id name category config secretToken active }
  }
}
"""

UPDATE_UNIFIED = """
mutation($id: AuditEventsInstanceExternalStreamingDestinationID!, $config: JSON) {
  instanceAuditEventStreamingDestinationsUpdate(input: {id: $id, config: $config}) {
    errors
    externalAuditEventDestination { config }
  }
}
"""

ADD_FILTER_UNIFIED = """
mutation($id: AuditEventsInstanceExternalStreamingDestinationID!) {
  auditEventsInstanceDestinationEventsAdd(input: {destinationId: $id, eventTypeFilters: ["user_created", "add_gpg_key"]}) {
    errors
    eventTypeFilters
  }
}
"""

REMOVE_FILTER_UNIFIED = """
mutation($id: AuditEventsInstanceExternalStreamingDestinationID!) {
  auditEventsInstanceDestinationEventsDelete(input: {destinationId: $id, eventTypeFilters: ["add_gpg_key"]}) { errors }
}
"""

LIST_UNIFIED = "{ auditEventsInstanceStreamingDestinations { nodes { id category eventTypeFilters } } }"

DELETE_UNIFIED = """
mutation($id: AuditEventsInstanceExternalStreamingDestinationID!) {
  instanceAuditEventStreamingDestinationsDelete(input: {id: $id}) { errors }
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
    updated = client.execute(UPDATE, variable_values=these)["instanceExternalAuditEventDestinationUpdate"]
    assert updated == {"errors": [], "instanceExternalAuditEventDestination": {"name": "Renamed", "active": False}}
    assert client.execute(DELETE, variable_values=these)["instanceExternalAuditEventDestinationDestroy"] == {"errors": []}
    assert client.execute(LIST)["instanceExternalAuditEventDestinations"]["nodes"] == []


def test_the_unified_family_does_the_same(client):
    bucket = {"accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "audit-archive", "awsRegion": "us-east-1"}
    created = client.execute(CREATE_UNIFIED, variable_values={"config": bucket})
    created = created["instanceAuditEventStreamingDestinationsCreate"]
    assert created["errors"] == []
    destination = created["externalAuditEventDestination"]
    these = {"id": destination.pop("id")}
    assert destination["config"].items() >= bucket.items()
    assert (destination["category"], destination["secretToken"], destination["active"]) == ("aws", "", True)

    moved = {**bucket, "awsRegion": "eu-west-1"}
    updated = client.execute(UPDATE_UNIFIED, variable_values={**these, "config": moved})
    updated = updated["instanceAuditEventStreamingDestinationsUpdate"]
    assert updated["errors"] == []
    assert updated["externalAuditEventDestination"]["config"].items() >= moved.items()
    added = client.execute(ADD_FILTER_UNIFIED, variable_values=these)["auditEventsInstanceDestinationEventsAdd"]
    assert (added["errors"], sorted(added["eventTypeFilters"])) == ([], ["add_gpg_key", "user_created"])
    removed = client.execute(REMOVE_FILTER_UNIFIED, variable_values=these)["auditEventsInstanceDestinationEventsDelete"]
    assert removed == {"errors": []}
    (listed,) = client.execute(LIST_UNIFIED)["auditEventsInstanceStreamingDestinations"]["nodes"]
    assert listed == {**these, "category": "aws", "eventTypeFilters": ["user_created"]}
    deleted = client.execute(DELETE_UNIFIED, variable_values=these)["instanceAuditEventStreamingDestinationsDelete"]
    assert deleted == {"errors": []}
