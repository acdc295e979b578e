"""Stores of objects: one contract, kept by a folder and by a real S3 server on loopback."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.peers.environment import PeersMissing, peers_python
from efface.engine.base import objects, sealing, settings
from efface.engine.base.ids import uuid7
from efface.engine.base.objects.folder import Folder
from efface.engine.base.objects.s3 import S3
from testbed.demo.installation import free_port

LOCK = Path(__file__).parents[2] / "requirements-bench-objects.txt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's S3, as a process of its own in an environment of its own."""
    try:
        python = peers_python(LOCK, "objects")
    except PeersMissing as why:
        pytest.skip(str(why))
    address = f"http://127.0.0.1:{free_port()}"
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    command = [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2]]
    running = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/moto-api/", timeout=5):
                break
            time.sleep(0.1)
        yield address
    finally:
        running.terminate()
        running.wait(10)
        log.close()


def s3(server: str, where: str = "s3://efface/kept") -> S3:
    made = S3.of(where, server, "us-east-1", "key", "secret")
    if not made.client.bucket_exists(bucket_name=made.bucket):
        made.client.make_bucket(bucket_name=made.bucket)
    return made


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> objects.Store:
    if request.param == "folder":
        return Folder(tmp_path / "objects")
    return s3(request.getfixturevalue("server"))


@pytest.mark.parametrize("size", [0, 1, 6_000_000])
def test_what_is_written_is_read(store: objects.Store, size: int) -> None:
    name, data = uuid7(), bytes(size)
    store.write(name, data)
    assert store.read(name) == data


def test_what_is_not_there_is_missing(store: objects.Store) -> None:
    with pytest.raises(objects.ObjectMissing):
        store.read(uuid7())


def test_what_was_removed_is_missing_and_may_be_removed_again(store: objects.Store) -> None:
    name = uuid7()
    store.write(name, b"x")
    store.remove(name)
    store.remove(name)
    with pytest.raises(objects.ObjectMissing):
        store.read(name)


def test_names_of_a_store_are_its_own(store: objects.Store) -> None:
    one, other = uuid7(), uuid7()
    store.write(one, b"one")
    store.write(other, b"other")
    assert (store.read(one), store.read(other)) == (b"one", b"other")


def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **given: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"EFFACE_OBJECTS{name.upper()}", value)
    monkeypatch.setattr(sealing, "secrets_folder", lambda: tmp_path)
    monkeypatch.setattr(sealing, "case_key", lambda case: b"k" * 32)
    (tmp_path / "objects-secret").write_text("secret\n")
    objects._s3.cache_clear()


@pytest.mark.slow
def test_the_store_sees_ciphertext_only(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path, **{"": "s3://efface/kept", "_endpoint": server, "_key": "key"})
    below = s3(server)
    name = objects.put(uuid.uuid4(), b"what nobody else may read")
    assert objects.get(uuid.uuid4(), name) == b"what nobody else may read"
    assert b"nobody" not in below.read(name)
    assert objects.try_out() == f"s3://efface/kept at {server}"


@pytest.mark.slow
def test_what_is_wrong_is_said_with_what_to_do(server: str) -> None:
    with pytest.raises(objects.StoreUnavailable, match="NoSuchBucket; make the bucket first"):
        S3.of("s3://not-made", server, "us-east-1", "key", "secret").write(uuid7(), b"x")
    with pytest.raises(objects.StoreUnavailable) as failed:
        S3.of("s3://b", f"http://127.0.0.1:{free_port()}", "us-east-1", "the-key", "s").read(uuid7())
    assert "the-key" not in str(failed.value)


class Sends(http.server.BaseHTTPRequestHandler):
    """Answers everything with a redirect to ``to``, and notes what it was asked."""

    to, asked = "", []

    def do_PUT(self) -> None:
        self.asked.append((self.headers["Host"], self.path))
        self.send_response(307)
        self.send_header("Location", self.to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_only_the_endpoint_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No redirect is followed, no proxy of the environment is used, the bucket is no host name."""
    elsewhere = http.server.HTTPServer(("127.0.0.1", 0), type("Elsewhere", (Sends,), {"asked": []}))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{elsewhere.server_port}")
    here: Any = type("Here", (Sends,), {"asked": [], "to": f"http://127.0.0.1:{elsewhere.server_port}/x"})
    server = http.server.HTTPServer(("127.0.0.1", 0), here)
    for one in (elsewhere, server):
        threading.Thread(target=one.serve_forever, daemon=True).start()
    try:
        with pytest.raises(objects.StoreUnavailable):
            S3.of("s3://bucket/p", f"http://127.0.0.1:{server.server_port}", "eu", "k", "s").write(uuid7(), b"x")
    finally:
        for one in (elsewhere, server):
            one.shutdown()
            one.server_close()
    assert here.asked and all(path.startswith("/bucket/p/") for _, path in here.asked)
    assert {host for host, _ in here.asked} == {f"127.0.0.1:{server.server_port}"}
    assert elsewhere.RequestHandlerClass.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"": "s3://"}, "s3://bucket"), ({"": "s3://b", "_endpoint": "ftp://x"}, "objects_endpoint"),
        ({"": "s3://b", "_endpoint": "https://h/path"}, "objects_endpoint"),
        ({"": "s3://b", "_endpoint": "https://h"}, "objects_key is empty"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(
    given: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, **given)
    with pytest.raises(settings.SettingError, match=words):
        objects.store()


def test_without_its_secret_it_says_where_that_belongs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path, **{"": "s3://b", "_endpoint": "https://h", "_key": "k"})
    (tmp_path / "objects-secret").unlink()
    with pytest.raises(settings.SettingError, match="objects-secret"):
        objects.store()
