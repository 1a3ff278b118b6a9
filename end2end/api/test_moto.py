"""Objects in buckets of moto, which has S3's versions, Object Lock, encryption and conditional requests."""

import gzip
import json
import logging
import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest
import requests
from botocore.config import Config
from moto.server import ThreadedMotoServer

from conftest import serving

# Another service than Amazon's has other names.
ACCESS_KEY_ID = "minioadmin"
SECRET_ACCESS_KEY = "minio-secret"

# Longer than anything here takes; reached only by a failing test.
PATIENCE = 60


@pytest.fixture(scope="module")
def endpoint():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def s3(endpoint):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )


class Buckets:
    """An instance that streams into buckets."""

    def __init__(self, instance, endpoint):
        self.instance, self.endpoint = instance, endpoint
        self.api = requests.Session()
        self.api.headers["Authorization"] = f"Bearer {instance.token('moto', 'admin')}"
        self.posters = {name: instance.token(name, "ingest") for name in ("one", "other")}

    def add(self, bucket, **settings):
        """The id of a destination for what is posted from now on."""
        target = {
            "access_key_id": ACCESS_KEY_ID,
            "secret_access_key": SECRET_ACCESS_KEY,
            "region": "RegionOne",
            "bucket": bucket,
            "endpoint_url": self.endpoint,
            **settings,
        }
        destination = {"name": bucket, "aws": target, "event_types": ["add_gpg_key"]}
        answer = self.api.post(f"{self.instance.url}/api/v1/destinations", json=destination)
        assert answer.status_code == 201, answer.text
        shown = answer.json()["aws"]
        assert {name: shown[name] for name in settings} == settings
        return answer.json()["id"]

    def post(self, *ids, poster="one"):
        event = {"event_type": "add_gpg_key", "entity_type": "Project", "entity_id": 7, "created_at": "2023-09-11T14:25:09.820Z"}
        self.instance.post_events(self.posters[poster], [{**event, "id": id, "details": {"by": poster}} for id in ids])

    def replay(self, destination):
        replays = f"{self.instance.url}/api/v1/destinations/{destination}/replays"
        wanted = {"created_after": "2023-09-01", "created_before": "2023-09-30", "event_types": ["add_gpg_key"]}
        started = self.api.post(replays, json=wanted)
        assert started.status_code == 201, started.text
        replay = f"{replays}/{started.json()['id']}"
        until(lambda: self.api.get(replay).json()["state"] not in ("running", "waiting"), "the replay has ended")
        return self.api.get(replay).json()

    def reason(self, destination):
        """Why the newest attempt has failed."""
        attempts = f"{self.instance.url}/api/v1/destinations/{destination}/attempts"
        until(lambda: self.api.get(attempts).json()["items"], "an attempt has failed")
        return self.api.get(attempts).json()["items"][0]["reason"]


@pytest.fixture
def buckets(endpoint):
    with serving(AUDIT_STREAMS_S3_BATCH_SECONDS="1") as instance:
        yield Buckets(instance, endpoint)


def until(condition, what):
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at, f"waited in vain until {what}"
        time.sleep(0.05)


def versions(s3, bucket):
    return [(version["Key"], version["IsLatest"]) for version in s3.list_object_versions(Bucket=bucket).get("Versions", [])]


def wait_for(s3, bucket, count):
    until(lambda: len(versions(s3, bucket)) >= count, f"there are {count} objects in {bucket}")
    return [key for key, _ in versions(s3, bucket)]


def test_a_repeat_adds_no_version(s3, buckets):
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    destination = buckets.add("versioned", layout="events")
    buckets.post("a", "b", "c")
    before = sorted(wait_for(s3, "versioned", 3))
    assert before == [f"project/2023/09/add_gpg_key_one_{id}_1694442309820.json" for id in "abc"]
    replay = buckets.replay(destination)
    assert (replay["state"], replay["sent"]) == ("finished", 3), replay
    assert sorted(versions(s3, "versioned")) == [(key, True) for key in before]
    shown = s3.head_object(Bucket="versioned", Key=before[0])
    assert shown["Metadata"]["audit-streams-source"] == "one"


def test_two_sources_do_not_overwrite_each_other(s3, buckets):
    s3.create_bucket(Bucket="sources")
    buckets.add("sources", layout="events")
    for poster in ("one", "other"):
        buckets.post("same", poster=poster)
    keys = sorted(wait_for(s3, "sources", 2))
    assert keys == [f"project/2023/09/add_gpg_key_{poster}_same_1694442309820.json" for poster in ("one", "other")]
    bodies = [json.load(s3.get_object(Bucket="sources", Key=key)["Body"]) for key in keys]
    assert [body["details"]["by"] for body in bodies] == ["one", "other"]


def test_an_object_of_other_content_is_kept(s3, buckets):
    s3.create_bucket(Bucket="taken")
    key = "project/2023/09/add_gpg_key_one_taken_1694442309820.json"
    s3.put_object(Bucket="taken", Key=key, Body=b"evidence")
    buckets.add("taken", layout="events")
    buckets.post("taken")
    keys = wait_for(s3, "taken", 2)
    assert s3.get_object(Bucket="taken", Key=key)["Body"].read() == b"evidence"
    (beside,) = set(keys) - {key}
    assert json.load(s3.get_object(Bucket="taken", Key=beside)["Body"])["id"] == "taken"


def test_objects_are_locked_and_encrypted(s3, buckets):
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    destination = buckets.add("locked", layout="events", encryption="AES256", lock_mode="GOVERNANCE", lock_days=30)
    buckets.post("locked")
    (key,) = wait_for(s3, "locked", 1)
    shown = s3.head_object(Bucket="locked", Key=key)
    assert (shown["ServerSideEncryption"], shown["ObjectLockMode"]) == ("AES256", "GOVERNANCE")
    wanted = datetime.now(timezone.utc) + timedelta(days=30)
    assert abs(shown["ObjectLockRetainUntilDate"] - wanted) < timedelta(minutes=5)
    # A lock keeps nobody from adding a version; the condition does.
    assert buckets.replay(destination)["state"] == "finished"
    assert versions(s3, "locked") == [(key, True)]


def test_a_lock_works_without_checksum_headers(s3, buckets):
    s3.create_bucket(Bucket="md5", ObjectLockEnabledForBucket=True)
    buckets.add("md5", layout="events", omit_checksums=True, lock_mode="COMPLIANCE", lock_days=1)
    buckets.post("md5")
    (key,) = wait_for(s3, "md5", 1)
    assert s3.head_object(Bucket="md5", Key=key)["ObjectLockMode"] == "COMPLIANCE"


def test_a_bucket_without_object_lock_holds_the_stream(s3, buckets):
    s3.create_bucket(Bucket="unlocked")
    destination = buckets.add("unlocked", layout="events", lock_mode="COMPLIANCE", lock_days=1)
    buckets.post("unlocked")
    assert "Object Lock" in buckets.reason(destination)
    parked = buckets.api.get(f"{buckets.instance.url}/api/v1/destinations/{destination}/parked").json()
    assert parked["items"] == []


def test_batches_lie_in_folders_that_are_columns(s3, buckets):
    s3.create_bucket(Bucket="hive")
    key_id = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"
    settings = {"layout": "batches", "partitions": "hive", "key_prefix": "audit/env=prod"}
    buckets.add("hive", encryption="aws:kms", kms_key_id=key_id, **settings)
    buckets.post("d", "e", poster="one")
    buckets.post("d", "e", poster="other")
    now = datetime.now(timezone.utc)
    lines = []

    def all_lines():
        lines.clear()
        for key in {key for key, _ in versions(s3, "hive")}:
            assert key.startswith(f"audit/env=prod/year={now.year}/month="), key
            shown = s3.get_object(Bucket="hive", Key=key)
            assert (shown["ServerSideEncryption"], shown["SSEKMSKeyId"]) == ("aws:kms", key_id)
            assert set(shown["Metadata"]["audit-streams-source"].split(",")) <= {"one", "other"}
            lines.extend(map(json.loads, gzip.decompress(shown["Body"].read()).splitlines()))
        return len(lines) == 4

    until(all_lines, "four events are in the bucket")
    assert sorted((line["id"], line["details"]["by"]) for line in lines) == [
        ("d", "one"),
        ("d", "other"),
        ("e", "one"),
        ("e", "other"),
    ]
