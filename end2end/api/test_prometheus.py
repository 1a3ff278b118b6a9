"""Prometheus' own parsers read `/metrics`, and what they find is what was posted."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

EVENTS = 40

# What Prometheus 3 sends.
ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


class Destinations(BaseHTTPRequestHandler):
    """Accepts, refuses or is out of order, as the path says."""

    protocol_version = "HTTP/1.1"
    answers = {"/accepting": 200, "/refusing": 422, "/broken": 503}

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.answers[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def receiver():
    with ThreadingHTTPServer(("127.0.0.1", 0), Destinations) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Scrape:
    """The samples by name and labels, and the families by name."""

    def __init__(self, families):
        self.families = {family.name: family for family in families}
        samples = [sample for family in self.families.values() for sample in family.samples]
        self.samples = {(sample.name, self.labels(sample)): sample.value for sample in samples}
        assert len(self.samples) == len(samples), "no series comes twice"

    @staticmethod
    def labels(sample):
        """The bounds of buckets are numbers, whichever way they are written."""
        return frozenset((name, str(float(value)) if name == "le" else value) for name, value in sample.labels.items())

    def get(self, series, /, **labels):
        return self.samples[series, frozenset(labels.items())]

    def of(self, destination, series, /, **labels):
        return self.get(f"audit_streams_destination_{series}", destination_id=str(destination), kind="http", **labels)

    def histograms(self):
        """Each histogram of each series: its bounds with their counts, its count and its sum."""
        for family in self.families.values():
            if family.type != "histogram":
                continue
            series = {}
            for sample in family.samples:
                labels = frozenset(item for item in sample.labels.items() if item[0] != "le")
                one = series.setdefault(labels, {"buckets": []})
                if sample.name.endswith("_bucket"):
                    one["buckets"].append((float(sample.labels["le"]), sample.value))
                else:
                    one[sample.name.removeprefix(f"{family.name}_")] = sample.value
            for labels, one in series.items():
                yield family.name, labels, one


class Scraper:
    def __init__(self, instance):
        self.url = f"{instance.url}/metrics"
        self.token = instance.token("prometheus", "read")

    def ask(self, accept):
        answer = requests.get(self.url, headers={"Authorization": f"Bearer {self.token}", "Accept": accept})
        assert answer.status_code == 200, answer.text
        return answer

    def openmetrics(self):
        answer = self.ask(ACCEPT)
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        return Scrape(openmetrics_parser.text_string_to_metric_families(answer.text))

    def classic(self):
        answer = self.ask("text/plain")
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Scrape(parser.text_string_to_metric_families(answer.text))

    def until(self, what, is_enough):
        give_up_at = time.monotonic() + 30
        while not is_enough(scrape := self.openmetrics()):
            assert time.monotonic() < give_up_at, f"waited in vain until {what}"
        return scrape


@pytest.fixture(scope="module")
def scraper(instance, receiver):
    """One who scrapes a server with three destinations and so many events."""
    asking = requests.Session()
    asking.headers["Authorization"] = f"Bearer {instance.token('administration', 'admin')}"
    for name in ("accepting", "refusing", "broken"):
        # The refusing one gets few, so that it is not taken for one that refuses everything.
        types = ["user_created"] if name == "refusing" else ["project_created"]
        input = {"name": f'{name} "\\ one', "http": {"url": f"{receiver}/{name}"}, "event_types": types}
        added = asking.post(f"{instance.url}/api/v1/destinations", json=input)
        assert added.status_code == 201, added.text
    token = instance.token("poster", "ingest")
    posted = [{"event_type": "project_created", "id": number, "entity_id": number} for number in range(EVENTS)]
    instance.post_events(token, posted)
    instance.post_events(token, posted[:10])
    instance.post_events(token, [{"event_type": "user_created"} for _ in range(3)])
    refused = requests.post(f"{instance.url}/api/v1/audit_events", data="{}", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 422
    return Scraper(instance)


@pytest.fixture(scope="module")
def scrape(scraper):
    def is_all_done(scrape):
        return (
            scrape.of(1, "delivered_events_total") == EVENTS
            and scrape.of(1, "backlog_events") == 0
            and scrape.of(2, "retrying_events") == 3
            and scrape.of(3, "state", state="retrying") == 1
        )

    return scraper.until("all is delivered, refused and retrying", is_all_done)


def test_ingest_is_counted_exactly(scrape):
    requests_total = "audit_streams_ingest_requests_total"
    assert scrape.get(requests_total, outcome="accepted") == 3
    assert scrape.get(requests_total, outcome="invalid") == 1
    outcomes = [sample.value for sample in scrape.families["audit_streams_ingest_requests"].samples]
    assert sum(outcomes) == 4
    assert scrape.get("audit_streams_ingest_events_total", result="stored") == EVENTS + 3
    assert scrape.get("audit_streams_ingest_events_total", result="repeated") == 10
    assert scrape.get("audit_streams_ingest_duration_seconds_count") == 3
    assert 0 < scrape.get("audit_streams_ingest_duration_seconds_sum") < 60


def test_each_destination_is_told_as_it_is(scrape):
    assert scrape.of(1, "info", name='accepting "\\ one') == 1
    assert scrape.of(1, "requests_total", outcome="accepted") == EVENTS
    assert scrape.of(1, "request_duration_seconds_count") == EVENTS
    assert (scrape.of(1, "lag_seconds"), scrape.of(1, "backoffs_total")) == (0, 0)
    assert scrape.of(1, "last_success_timestamp_seconds") == pytest.approx(time.time(), abs=120)
    assert scrape.of(2, "delivered_events_total") == 0
    # Each is tried again after ten seconds.
    assert scrape.of(2, "requests_total", outcome="client_error") in range(3, 7)
    assert (scrape.of(2, "parked_events"), scrape.of(2, "parked_total"), scrape.of(2, "backoffs_total")) == (0, 0, 0)
    assert scrape.of(3, "requests_total", outcome="server_error") >= 1
    assert scrape.of(3, "backoffs_total") == 1
    assert scrape.of(3, "backlog_events") >= EVENTS
    assert 0 < scrape.of(3, "lag_seconds") < 120
    for destination in (1, 2, 3):
        states = [s.value for s in scrape.families["audit_streams_destination_state"].samples if s.labels["destination_id"] == str(destination)]
        assert sorted(states) == [0] * 7 + [1]


def test_every_histogram_agrees_with_itself(scrape):
    histograms = list(scrape.histograms())
    assert len(histograms) == 5, "ingest, the log's commits, and three destinations"
    for name, labels, one in histograms:
        bounds, counts = zip(*one["buckets"])
        assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf"), name
        assert list(counts) == sorted(counts) and counts[-1] == one["count"], (name, labels)
        # No duration is longer than the bound of the bucket that it is in, so neither are all together.
        longest = sum((count - before) * bound for bound, count, before in zip(bounds, counts, (0, *counts)) if count > before)
        assert 0 <= one["sum"] <= longest, (name, labels)


def test_both_formats_tell_the_same(scraper, scrape):
    classic = scraper.classic()
    assert classic.samples.keys() == scraper.openmetrics().samples.keys()
    assert {name: family.type for name, family in classic.families.items()} == {
        name: family.type for name, family in scrape.families.items()
    }
    assert classic.of(1, "delivered_events_total") == EVENTS


def test_a_unit_stands_in_the_name(scrape):
    for name, family in scrape.families.items():
        assert family.documentation, name
        for unit in ("seconds", "bytes"):
            assert name.endswith(f"_{unit}") == (family.unit == unit), name


def test_a_scrape_takes_little_time(scraper):
    times = sorted(scraper.ask(ACCEPT).elapsed.total_seconds() for _ in range(20))
    assert times[10] < 0.25, times
