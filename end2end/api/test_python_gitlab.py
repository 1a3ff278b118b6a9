"""python-gitlab, as it is made for GitLab, reads audit events from this server and manages its streams."""

import subprocess
import sys
import warnings

import gitlab
import pytest

EVENTS = 250


@pytest.fixture(scope="module")
def client(instance):
    posted = [
        {"event_type": "tick", "entity_type": "Project", "entity_id": number % 2, "author_id": 7, "details": {"n": number}}
        for number in range(EVENTS)
    ]
    instance.post_events(instance.token("poster", "ingest"), posted)
    return gitlab.Gitlab(instance.url, private_token=instance.token("collector", "read"))


def numbers(events):
    return [event.details["n"] for event in events]


def test_offset_pages_are_gone_through(client):
    events = client.audit_events.list(iterator=True, per_page=100, entity_type="Project")
    assert events.total == EVENTS
    assert events.total_pages == 3
    assert numbers(events) == list(reversed(range(EVENTS)))


def test_keyset_pages_are_gone_through(client):
    wanted = {"pagination": "keyset", "order_by": "id", "sort": "asc", "per_page": 100, "entity_type": "Project"}
    events = list(client.audit_events.list(iterator=True, **wanted))
    assert numbers(events) == list(range(EVENTS))
    ids = [event.id for event in events]
    assert ids == sorted(ids)


def test_filters_are_understood(client):
    events = client.audit_events.list(get_all=True, per_page=100, entity_type="Project", entity_id=1)
    assert numbers(events) == list(reversed(range(1, EVENTS, 2)))
    assert client.audit_events.list(get_all=True, created_before="2000-01-01T00:00:00Z") == []
    since = client.audit_events.list(get_all=True, per_page=100, entity_type="Project", created_after="2000-01-01T00:00:00Z")
    assert len(since) == EVENTS


def test_a_token_comes_as_a_bearer_too(instance):
    client = gitlab.Gitlab(instance.url, oauth_token=instance.token("bearer", "read"))
    assert client.audit_events.list(get_all=False, per_page=1) != []


def test_one_event_is_shown(client):
    newest = client.audit_events.list(get_all=False, per_page=1, entity_type="Project")[0]
    event = client.audit_events.get(newest.id)
    assert event.attributes == newest.attributes
    assert (event.author_id, event.entity_type, event.event_type) == (7, "Project", "tick")


def test_errors_are_understood(instance, client):
    with pytest.raises(gitlab.GitlabGetError, match="404 Not found"):
        client.audit_events.get(999_999)
    with pytest.raises(gitlab.GitlabListError, match="created_after is invalid"):
        client.audit_events.list(get_all=False, created_after="soon")
    stranger = gitlab.Gitlab(instance.url, private_token="ast_none")
    with pytest.raises(gitlab.GitlabAuthenticationError, match="401 Unauthorized"):
        stranger.audit_events.list(get_all=False)


def test_a_client_checks_its_token_and_the_version(client):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.auth()
    assert client.user.username == "collector"
    version, revision = client.version()
    assert version.count(".") == 2
    assert revision.startswith("audit-streams-")


def test_a_wrong_token_is_found_at_once(instance):
    with pytest.raises(gitlab.GitlabAuthenticationError, match="401 Unauthorized"):
        gitlab.Gitlab(instance.url, private_token="ast_none").auth()


@pytest.fixture(scope="module")
def command(instance):
    line = [sys.executable, "-m", "gitlab", "--server-url", instance.url, "--private-token", instance.token("command", "read")]

    def run(*arguments):
        done = subprocess.run([*line, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_command_line_lists_and_shows_events(client, command):
    newest = client.audit_events.list(get_all=False, per_page=1, entity_type="Project")[0]
    listed = command("--output", "json", "audit-event", "list", "--entity-type", "Project", "--per-page", "1", "--page", "1")
    assert f'"id": {newest.id}' in listed
    shown = command("--output", "json", "audit-event", "get", "--id", str(newest.id))
    assert '"event_type": "tick"' in shown


def test_the_command_line_shows_the_user(command):
    assert "username: command" in command("--verbose", "current-user", "get")
