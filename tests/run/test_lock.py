"""A running installation is locked and unlocked: the key leaves every process, pages say so, and all goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from efface.engine.run import locked_page

HOLDERS = ("web", "worker", "scheduler", "matcher", "mail-in")


def efface(data: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "efface.cli.main", *words], env=environment(data), input=said,
                          capture_output=True, text=True, timeout=240, check=False)  # fmt: skip


def environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EFFACE_", "DJANGO_"))}
    return kept | {"EFFACE_DATA": str(data), "EFFACE_WEB_PORT": "0", "EFFACE_MAIL_IN_PORT": "0",
                   "EFFACE_BROWSER": "false", "PYTHONPATH": str(Path(__file__).parents[2])}  # fmt: skip


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="efface-lock-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def holding(pids: dict[str, int], key: bytes) -> set[str]:
    """Processes in whose memory the key stands."""
    found = set()
    for name, pid in pids.items():
        try:
            if any(key in part for part in memory(pid)):
                found.add(name)
        except PermissionError:
            pytest.skip("the memory of other processes cannot be read here")
        except OSError:
            continue
    return found


def memory(pid: int) -> Iterator[bytes]:
    with Path(f"/proc/{pid}/mem").open("rb", 0) as mem:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            begin, end = (int(one, 16) for one in span.split("-"))
            if "rw" not in rights or end - begin > 1 << 30:
                continue
            try:
                mem.seek(begin)
                yield mem.read(end - begin)
            except (OSError, OverflowError, ValueError):
                continue


def pids(data: Path) -> dict[str, int]:
    state = next(iter([*data.glob("run/processes.json")]))
    return {name: pid for name, pid in json.loads(state.read_text())["pids"].items() if name in HOLDERS}


def fetch(data: Path, path: str) -> tuple[int, str]:
    port = (data / "run" / "web-port").read_text()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Language": "de, en;q=0.5"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def until(condition: Any, seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.3)
    return None


@pytest.mark.slow
def test_lock_and_unlock_of_a_running_installation(data: Path, tmp_path: Path) -> None:
    assert efface(data, "init").returncode == 0
    key = (data / "secrets" / "installation.key").read_bytes()
    words = tmp_path / "words"
    words.write_text("five words that are long\n")
    running = subprocess.Popen([sys.executable, "-m", "efface.cli.main", "up"], env=environment(data),
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        assert until(lambda: (data / "run" / "processes.json").exists() and fetch(data, "/")[0] == 200)
        before = pids(data)
        assert set(before) == set(HOLDERS)
        assert holding(before, key) == set(HOLDERS), "the search finds the key where it is"
        done = efface(data, "lock", "--passphrase-file", str(words), "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert set(told["processes_that_forgot"]) == set(HOLDERS) and told["still_running"] == []
        assert until(lambda: fetch(data, "/console/queue/")[0] == 503)
        status, page = fetch(data, "/case/")
        assert status == 503 and locked_page.WORDS["de"][0] in page
        assert fetch(data, locked_page.STYLE)[0] == 200
        standing_by = pids(data)
        assert not set(standing_by.values()) & set(before.values()) and holding(standing_by, key) == set()
        everyone = {entry.name: int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        ours = {name: pid for name, pid in everyone.items() if str(data) in _command(pid)}
        assert holding(ours, key) == set()
        assert not any(key in path.read_bytes() for path in (data / "secrets").iterdir())
        assert "locked" in efface(data, "member", "add", "a@b.example", "--organisation", "x", "--role", "lead",
                                  "--name", "x").stderr  # fmt: skip
        words.write_text("not the right words at all\n")
        wrong = efface(data, "unlock", "--passphrase-file", str(words))
        assert wrong.returncode == 1 and "does not open" in wrong.stderr and "Traceback" not in wrong.stderr
        assert fetch(data, "/")[0] == 503
        words.write_text("five words that are long\n")
        assert efface(data, "unlock", "--passphrase-file", str(words)).returncode == 0
        assert until(lambda: fetch(data, "/")[0] == 200)
        assert until(lambda: holding(pids(data), key) == set(HOLDERS)), "and all of them work again"
        assert not (data / "secrets" / "installation.key").exists()
        assert efface(data, "lock", "--json").returncode == 0, "the second time nobody is asked"
        assert until(lambda: fetch(data, "/")[0] == 503)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)
        clean = environment(data) | {"DJANGO_SETTINGS_MODULE": ""}
        code = ("import shutil; from efface.engine.base import sealing\n"
                "shutil.rmtree(sealing.memory_folder(), ignore_errors=True)")  # fmt: skip
        subprocess.run([sys.executable, "-c", code], env=clean, check=False)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("de-AT,de;q=0.9", "de"), ("fr, es;q=0.8", "es"), ("x" * 5000, "en"), (",;,", "en")],
)
def test_the_page_speaks_the_readers_language(accepted: str, language: str) -> None:
    assert locked_page.language_of(accepted) == language


def test_the_page_is_the_same_at_every_address_and_sets_nothing() -> None:
    for path in ("/", "/console/cases/", "/case/", "/static/efface/copy.js", "/../../etc/passwd"):
        seen: list[Any] = []
        body = b"".join(locked_page.application({"PATH_INFO": path}, lambda *given, seen=seen: seen.extend(given)))
        headers = dict(seen[1])
        assert seen[0].startswith("503") and b"locked for the moment" in body
        assert "Set-Cookie" not in headers and headers["Cache-Control"] == "no-store"
