"""Alerts by e-mail, handed to a real SMTP server: STARTTLS with a certificate of an authority of our own, and a password."""

import email
import email.policy
import http.server
import socket
import sqlite3
import ssl
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from conftest import serving

ROOT_PASSWORD = "a password for root"
USERNAME, PASSWORD = "audit", "s3cret word ü"

# Longer than anything here takes; reached only by a failing test.
PATIENCE = 60


@dataclass
class Mailbox:
    """What the server has taken, and how it came."""

    messages: list = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    async def handle_DATA(self, server, session, envelope):
        assert session.authenticated, "nobody has signed in"
        with self.arrived:
            self.messages.append((envelope, email.message_from_bytes(envelope.content, policy=email.policy.default)))
            self.arrived.notify_all()
        return "250 Taken"

    def wait_for(self, subject: str):
        def found():
            return next((taken for taken in self.messages if subject in taken[1]["Subject"]), None)

        with self.arrived:
            taken = self.arrived.wait_for(found, PATIENCE)
        assert taken, f"no e-mail with {subject} among {[str(message['Subject']) for _, message in self.messages]}"
        return taken


def authenticate(server, session, envelope, mechanism, data):
    is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=is_known, handled=False)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def mailbox():
    return Mailbox()


@pytest.fixture(scope="module")
def smtp(authority, mailbox):
    """An SMTP server that takes nothing in clear and nothing without a password."""
    controller = start(mailbox, authority, "localhost")
    yield controller
    controller.stop()


def start(mailbox, authority, name):
    controller = Smtp(
        mailbox,
        tls_context=certified(authority, name),
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    return controller


def certified(authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


class Smtp(Controller):
    """An SMTP server on a port that the system chooses."""

    def __init__(self, mailbox, **options):
        self.listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(mailbox, hostname="127.0.0.1", port=self.listener.getsockname()[1], **options)

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.listener, ssl=self.ssl_context)


@pytest.fixture(scope="module")
def alerting(authority):
    """A server that trusts the authority and no other."""
    with tempfile.TemporaryDirectory() as folder:
        certificates = Path(folder) / "authority.pem"
        authority.cert_pem.write_to_path(str(certificates))
        with serving(SSL_CERT_FILE=str(certificates), AUDIT_STREAMS_ROOT_PASSWORD=ROOT_PASSWORD) as instance:
            yield instance


@pytest.fixture(scope="module")
def api(alerting):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {alerting.token('alerts', 'admin')}"

    def ask(method, path, **arguments):
        answer = session.request(method, f"{alerting.url}/api/v1/{path}", **arguments)
        assert answer.ok, answer.text
        return answer.json()

    return ask


def set_up(api, smtp, **changes):
    settings = {
        "host": "localhost",
        "port": smtp.port,
        "security": "starttls",
        "username": USERNAME,
        "password": PASSWORD,
        "from": "audit@example.com",
        "to": ["ops@example.com", "sec@example.com"],
        **changes,
    }
    return api("PATCH", "settings/alerts", json={"failing_minutes": 1, "email": settings})


class Refusing(http.server.BaseHTTPRequestHandler):
    """An endpoint that is out of order until it is told otherwise."""

    status = 503

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(type(self).status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def endpoint():
    Refusing.status = 503
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def age(alerting, column: str) -> None:
    """Makes what is stored about the trouble two minutes older, so that nobody has to wait for it to be."""

    def updated() -> bool:
        with closing(sqlite3.connect(alerting.folder / "audit-streams.db", timeout=PATIENCE)) as store, store:
            return store.execute(f"UPDATE stream_troubles SET {column} = {column} - 120000 WHERE {column} > 0").rowcount == 1

    wait_until(f"a stream has {column}", updated)


def wait_until(what: str, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        threading.Event().wait(0.02)


def test_a_failing_stream_and_its_recovery_arrive_as_e_mail(alerting, api, smtp, mailbox, endpoint):
    shown = set_up(api, smtp)
    assert PASSWORD not in str(shown)
    url = f"http://127.0.0.1:{endpoint.server_address[1]}/in"
    destination = api("POST", "destinations", json={"name": "SIEM Zürich", "kind": "http", "http": {"url": url}})
    age(alerting, "since")
    envelope, message = mailbox.wait_for("has been failing")
    assert (envelope.mail_from, envelope.rcpt_tos) == ("audit@example.com", ["ops@example.com", "sec@example.com"])
    assert message["Subject"].startswith("[Audit Streams] Stream SIEM Zürich has been failing for 2 minutes")
    assert message["Subject"].endswith(": 503 from server")
    assert [str(address) for address in message["From"].addresses] == ["Audit Streams <audit@example.com>"]
    assert [address.addr_spec for address in message["To"].addresses] == ["ops@example.com", "sec@example.com"]
    assert message["Message-ID"].endswith("@example.com>")
    assert abs(message["Date"].datetime.timestamp() - time.time()) < PATIENCE
    assert not message.defects
    text = message.get_content()
    assert "Stream SIEM Zürich has been failing for 2 minutes" in text and "Nothing is lost" in text
    link = f"{alerting.url}/admin/audit_logs?tab=streams&stream={destination['id']}&view=activity"
    assert text.rstrip().splitlines()[-1].endswith(f": {link}")
    opened = api("GET", "alerts")["items"]
    assert [(alert["type"], alert["destination"]["id"]) for alert in opened] == [("audit_event_stream_failing", destination["id"])]

    Refusing.status = 200
    # A change makes the stream try at once.
    api("PATCH", f"destinations/{destination['id']}", json={"name": "SIEM Bern"})
    age(alerting, "calm_since")
    _, message = mailbox.wait_for("works again")
    assert message["Subject"].startswith("[Audit Streams] Stream SIEM Bern works again after failing for")
    assert "No action is needed." in message.get_content()
    wait_until("the alert is over", lambda: api("GET", "alerts")["items"] == [])
    assert len(mailbox.messages) == 2


@pytest.fixture(scope="module")
def send_test(alerting):
    """Presses the page's button. Returns what it says."""
    session = requests.Session()
    session.headers["Origin"] = alerting.url
    form = {"username": "root", "password": ROOT_PASSWORD, "return_to": ""}
    assert session.post(f"{alerting.url}/api/page/session/sign_in", data=form).ok

    def press() -> str:
        answer = session.post(f"{alerting.url}/api/page/alerts/email/test").json()
        return answer["message"] if "message" in answer else answer["invalid"][0]["message"]

    return press


def test_a_test_e_mail_arrives(api, smtp, mailbox, send_test):
    set_up(api, smtp)
    assert send_test() == "The server accepted the test e-mail."
    _, message = mailbox.wait_for("Test alert")
    assert "will arrive here" in message.get_content()


def test_a_wrong_password_is_told_and_not_repeated(api, smtp, send_test):
    set_up(api, smtp, password="wrong word")
    words = send_test()
    assert words.startswith("The e-mail server answered 535"), words
    assert "wrong word" not in words


def test_a_certificate_of_an_unknown_authority_is_refused(api, mailbox, send_test):
    controller = start(mailbox, trustme.CA(), "localhost")
    try:
        set_up(api, controller)
        assert "TLS handshake with the e-mail server failed" in send_test()
    finally:
        controller.stop()


def test_a_certificate_for_another_name_is_refused(api, authority, mailbox, send_test):
    controller = start(mailbox, authority, "elsewhere.example")
    try:
        set_up(api, controller)
        assert "TLS handshake with the e-mail server failed" in send_test()
    finally:
        controller.stop()


def test_a_server_without_starttls_gets_nothing(api, mailbox, send_test):
    controller = Smtp(mailbox)
    controller.start()
    try:
        taken = len(mailbox.messages)
        set_up(api, controller)
        assert send_test().startswith("The e-mail could not be sent")
        assert len(mailbox.messages) == taken
    finally:
        controller.stop()


def test_tls_from_the_start(api, authority, send_test, mailbox):
    context = certified(authority, "localhost")
    controller = Smtp(
        mailbox,
        ssl_context=context,
        auth_required=True,
        auth_require_tls=False,
        authenticator=authenticate,
        server_hostname="localhost",
    )
    controller.start()
    try:
        taken = len(mailbox.messages)
        set_up(api, controller, security="tls")
        assert send_test() == "The server accepted the test e-mail."
        assert len(mailbox.messages) == taken + 1
    finally:
        controller.stop()
