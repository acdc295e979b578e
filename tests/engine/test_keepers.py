"""The contract of every keeper of the installation key, and of the files around it."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import keepers, locking, sealing, settings
from efface.engine.base.keepers.passphrase import Passphrase, TooShort
from efface.engine.base.keepers.transit import Transit

KEY = bytes(range(32))


class KeyService(BaseHTTPRequestHandler):
    """What OpenBao's transit engine does, as far as it is asked: its key never leaves it."""

    key, token, broken = secrets.token_bytes(32), "a-token", ""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.broken:
            return self._say(int(self.broken), {"errors": []})
        if self.headers["X-Vault-Token"] != self.token:
            return self._say(403, {"errors": ["permission denied"]})
        verb, name = self.path.split("/")[3:5]
        if verb == "encrypt":
            plain = base64.b64decode(body["plaintext"])
            sealed = base64.b64encode(sealing.seal(self.key, plain, name)).decode()
            return self._say(200, {"data": {"ciphertext": "vault:v1:" + sealed}})
        try:
            raw = base64.b64decode(body["ciphertext"].removeprefix("vault:v1:"), validate=True)
            plain = sealing.unseal(self.key, raw, name)
        except ValueError:
            return self._say(400, {"errors": ["invalid ciphertext"]})
        return self._say(200, {"data": {"plaintext": base64.b64encode(plain).decode()}})

    def _say(self, status: int, what: Any) -> None:
        data = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(KeyService, "broken", "")
    server = ThreadingHTTPServer(("127.0.0.1", 0), KeyService)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


Make = Callable[[], keepers.Keeper]


@pytest.fixture(params=keepers.NAMES)
def pair(request: pytest.FixtureRequest, service: str) -> tuple[Make, Make]:
    """Of each keeper: one, and another that is not the same."""
    if request.param == "passphrase":
        return lambda: Passphrase("five words that are long"), lambda: Passphrase("five other words, long")
    return lambda: Transit(service, "efface", "a-token"), lambda: Transit(service, "another", "a-token")


def test_what_is_wrapped_comes_back(pair: tuple[Make, Make]) -> None:
    right, _ = pair
    wrapped = right().wrap(KEY)
    assert right().unwrap(wrapped) == KEY
    assert right().wrap(KEY) != wrapped, "each time another"
    assert base64.b64encode(KEY).decode() not in str(wrapped) and KEY.hex() not in str(wrapped)
    assert json.loads(json.dumps(wrapped)) == wrapped


def test_another_keeper_does_not_open_it(pair: tuple[Make, Make]) -> None:
    right, other = pair
    with pytest.raises(keepers.DoesNotOpen):
        other().unwrap(right().wrap(KEY))


def test_what_was_altered_does_not_open(pair: tuple[Make, Make]) -> None:
    right, _ = pair
    wrapped = right().wrap(KEY)
    for name, value in wrapped.items():
        if name == "key":
            continue
        for bad in ("", "x", value[:-8] + "AAAAAAA=", value + "A"):
            with pytest.raises(keepers.DoesNotOpen):
                right().unwrap(wrapped | {name: bad})
    with pytest.raises(keepers.DoesNotOpen):
        right().unwrap({})


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(TooShort, match="12 characters"):
        Passphrase("short").wrap(KEY)


@pytest.mark.parametrize("status", ["403", "429", "500", "503", "302"])
def test_a_service_that_does_not_answer_as_it_should(service: str, status: str, monkeypatch: Any) -> None:
    wrapped = Transit(service, "efface", "a-token").wrap(KEY)
    monkeypatch.setattr(KeyService, "broken", status)
    for act in (lambda one: one.wrap(KEY), lambda one: one.unwrap(wrapped)):
        with pytest.raises(keepers.KeeperUnavailable, match=status):
            act(Transit(service, "efface", "a-token"))


def test_a_service_that_is_not_there_and_a_wrong_token(service: str) -> None:
    with pytest.raises(keepers.KeeperUnavailable, match="cannot be asked"):
        Transit("http://127.0.0.1:9", "efface", "a-token").wrap(KEY)
    with pytest.raises(keepers.KeeperUnavailable, match="403"):
        Transit(service, "efface", "wrong").wrap(KEY)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path))
    sealing.installation_key.cache_clear()
    sealing.make_secret("installation.key")
    yield tmp_path
    for path in sealing.key_paths():
        path.unlink(missing_ok=True)
    folder = sealing.memory_folder()
    if folder is not None and folder.exists():
        folder.rmdir()
    monkeypatch.undo()
    sealing.installation_key.cache_clear()


RIGHT = Passphrase("five words that are long")


@pytest.mark.parametrize("url", ["", "ftp://x", "http://keys.example", "https://"])
def test_the_service_is_reached_safely_or_not_at_all(installation: Path, url: str) -> None:
    (installation / "secrets" / "kms-token").write_text("a-token")
    with pytest.raises(settings.SettingError, match="kms_url"):
        Transit.of(url, "efface")


def test_without_its_token_it_is_not_asked(installation: Path) -> None:
    with pytest.raises(settings.SettingError, match="kms-token"):
        Transit.of("https://keys.example", "efface")


def test_a_lock_takes_the_key_away_and_an_unlock_brings_it_to_memory_only(installation: Path) -> None:
    key = sealing.installation_key()
    with pytest.raises(locking.NotLockable):
        locking.forget()
    assert sealing.installation_key() == key, "nobody keeps it yet: it stays"
    locking.give_to(RIGHT)
    locking.forget()
    assert locking.is_locked()
    with pytest.raises(sealing.KeyMissing, match="efface unlock"):
        sealing.installation_key()
    assert not any(key in path.read_bytes() for path in installation.rglob("*") if path.is_file())
    with pytest.raises(keepers.DoesNotOpen):
        locking.open_with(Passphrase("not these words at all"))
    assert locking.is_locked()
    locking.open_with(RIGHT)
    assert sealing.installation_key() == key and not locking.is_locked()
    assert not any(key in path.read_bytes() for path in installation.rglob("*") if path.is_file()), "not on the disk"
    assert all(path.stat().st_mode & 0o077 == 0 for path in sealing.key_paths() if path.exists())
    locking.open_with(RIGHT, on_disk=True)
    assert (installation / "secrets" / "installation.key").read_bytes() == key


def test_the_file_of_another_installation_is_refused(installation: Path) -> None:
    locking.give_to(RIGHT)
    held = json.loads(locking.sealed_path().read_text())
    locking.sealed_path().write_text(json.dumps(held | {"wrapped": RIGHT.wrap(KEY)}))
    locking.forget()
    with pytest.raises(keepers.DoesNotOpen, match="not this installation's key"):
        locking.open_with(RIGHT)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"keeper": "passphrase"}', '{"keeper": 1, "wrapped": [], "check": ""}']
)
def test_a_damaged_file_is_told(installation: Path, text: str) -> None:
    locking.sealed_path().write_text(text)
    with pytest.raises(keepers.DoesNotOpen, match="damaged"):
        locking.read_sealed()
    with pytest.raises(keepers.DoesNotOpen, match="damaged"):
        locking.forget()
    assert (installation / "secrets" / "installation.key").exists()


def test_no_new_key_is_made_while_the_old_one_is_locked_away(installation: Path) -> None:
    from efface.engine.run import manage

    locking.give_to(RIGHT)
    locking.forget()
    with pytest.raises(manage.Locked):
        manage.prepare_data_folder("production")
    assert locking.is_locked()
    key_file = installation / "secrets" / "installation.key"
    locking.open_with(RIGHT)
    manage.prepare_data_folder("production")
    assert not key_file.exists()
