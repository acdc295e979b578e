"""A backup, and its restore with real databases: nothing lost, nothing done twice, what was erased stays erased."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import age

ROOT = Path(__file__).parents[2]


class Machine:
    """A data folder with an installation of its own."""

    def __init__(self, folder: Path, words: Path) -> None:
        self.folder, self.words = folder, words
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EFFACE_", "DJANGO_"))}
        self.environment = kept | {"EFFACE_DATA": str(folder), "PYTHONPATH": str(ROOT)}

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-m", "efface.cli.main", *words], env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def efface(self, *words: str) -> tuple[int, str, str]:
        done = subprocess.run([sys.executable, "-m", "efface.cli.main", *words], env=self.environment, text=True,
                              capture_output=True, timeout=300, check=False)  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    def sealed(self, *words: str) -> tuple[int, str, str]:
        return self.efface(*words, "--passphrase-file", str(self.words))

    def tell(self, what: str) -> dict[str, Any]:
        """What stands in the installation, after doing something there."""
        code = ("import json; from efface.cli.session import database; from tests.run import furnish_backup\n"
                f"with database('efface_app'): print(json.dumps(furnish_backup.main({what!r})))")  # fmt: skip
        done = subprocess.run([sys.executable, "-c", code], env=self.environment, text=True, capture_output=True,
                              timeout=300, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Any]:
    words = tmp_path / "words"
    words.write_text("five words that are long\n")
    made: list[Path] = []

    def make() -> Machine:
        folder = Path(tempfile.mkdtemp(prefix="efface-backup-"))
        folder.chmod(0o711)
        made.append(folder)
        return Machine(folder, words)

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


def begun(machine: Machine) -> Machine:
    assert machine.efface("init")[0] == 0
    for short in ("first", "second"):
        assert machine.efface("organisation", "add", f"The {short}", "--short", short, "--country", "DE")[0] == 0
    return machine


@pytest.mark.slow
def test_a_backup_is_put_back_and_what_was_erased_stays_erased(machines: Any, tmp_path: Path) -> None:
    first = begun(machines())
    before = first.tell("fill")
    file, keys = tmp_path / "efface.backup", tmp_path / "efface.backup.keys"
    code, out, _ = first.sealed("backup", str(file), "--json")
    assert code == 0
    told = json.loads(out)
    assert told["objects"] == 4 and told["case_keys"] == 4 and told["tables"]["cases_case"] == 4
    assert told["tables"]["engine_outbox"] == 4 and "engine_casekey" not in told["tables"]
    assert file.stat().st_mode & 0o077 == 0 and keys.stat().st_mode & 0o077 == 0
    raw = file.read_bytes() + keys.read_bytes()
    assert b"Subject" not in raw and (first.folder / "secrets" / "installation.key").read_bytes() not in raw
    code, _, err = first.sealed("backup", str(file))
    assert code == 1 and "exists already" in err and file.read_bytes() in raw

    first.tell("erase")
    now_there = first.tell("more")
    stones = first.folder / "tombstones"
    assert len(stones.read_text().splitlines()) == 4 and "Subject" not in stones.read_text()

    # Another machine: the old backup, and the list of what was erased since.
    second = machines()
    shutil.copytree(first.folder / "objects", second.folder / "objects")
    code, out, err = second.sealed("restore", str(file), "--tombstones", str(stones), "--json")
    assert code == 0, err
    done = json.loads(out)
    assert (done["erased_again"], done["unclear_messages"], done["cases_without_key"]) == (2, 4, 0)
    assert done["taken_back_again"] == 2
    assert done["objects_missing"] == [] and done["objects_altered"] == [] and done["objects_checked"] == 4
    after = second.tell("all")
    # People belong to no organisation: their rows are shut to investigators, not to the owner.
    assert after.pop("unset") == 0 and after.pop("unforced") == ["accounts_user"], "the row rules are back in force"
    assert after.pop("jobs") == before.pop("jobs") == [["cases.waits", "todo"]], "and new ones take numbers after it"
    for short, was in before.items():
        cases = after[short]["cases"]
        assert set(cases) == set(was["cases"])
        assert sorted(str(name) for _, name in cases.values()) == ["None", f"Subject A of {short}"]
        assert sorted(state for state, _ in cases.values()) == ["erased", "open"]
        assert (was["allowed"], after[short]["allowed"]) == (2, 0), "what she took back stays taken back"
        assert after[short]["keys"] == 1 and after[short]["audit"] == []
        assert set(after[short]["outbox"]) <= {"ambiguous", "cancelled"}, "nothing is sent a second time"

    # Over the first machine: refused unless told; what it erased itself is known without a list.
    code, _, err = first.sealed("restore", str(file))
    assert code == 1 and "--over" in err
    assert first.tell("look") == now_there, "a refusal changes nothing"
    assert first.sealed("restore", str(file), "--over", "--tombstones", str(tmp_path / "none"))[0] == 2
    code, out, err = first.sealed("restore", str(file), "--over", "--json")
    assert code == 0, err
    assert json.loads(out)["erased_again"] == 2
    there = first.tell("look")
    there.pop("jobs")
    assert {state for one in there.values() for state, _ in one["cases"].values()} == {"erased", "open"}
    assert first.efface("audit", "verify")[0] == 0

    # Newer keys with the old database: an erased case has no key there to begin with.
    newer = tmp_path / "newer"
    assert first.sealed("backup", str(newer))[0] == 0
    third = machines()
    code, _, err = third.sealed("restore", str(newer), "--keys", str(keys))
    assert code == 1 and "keys are older" in err
    code, out, err = third.sealed("restore", str(file), "--keys", str(newer) + ".keys", "--json")
    assert code == 1 and json.loads(out)["erased_again"] == 2 and len(json.loads(out)["objects_missing"]) == 4


@pytest.mark.slow
def test_damaged_and_foreign_files_are_refused_and_a_killed_one_begins_again(machines: Any, tmp_path: Path) -> None:
    first = begun(machines())
    before = first.tell("fill")
    key, public = age.new_identity()
    identity, wrong = tmp_path / "identity", tmp_path / "wrong"
    identity.write_text(f"# made for a test\n{key}\n")
    wrong.write_text(age.new_identity()[0])
    file = tmp_path / "b"

    killed = first.start("backup", str(file), "--to", public)
    time.sleep(1.5)
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    assert not file.exists(), "a backup that was killed is not there under its name"
    for one in tmp_path.glob("b*"):
        one.unlink()
    assert first.efface("backup", str(file), "--to", public)[0] == 0

    other = machines()
    for bad, words in (
        (("--identity", str(wrong)), "another key"), (("--identity", str(file)), ""),
        (("--identity", str(identity), "--keys", str(file)), "not with the keys"),
    ):  # fmt: skip
        code, _, err = other.efface("restore", str(file), *bad)
        assert code == 1 and words in err
    whole = file.read_bytes()
    for at in (0, 40, 120, 260, len(whole) // 2, len(whole) - 1):
        bent = tmp_path / "bent"
        bent.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        code, _, err = other.efface("restore", str(bent), "--keys", f"{file}.keys", "--identity", str(identity))
        assert code == 1 and err.startswith("Error"), at
    for short in (0, 100, len(whole) // 3, len(whole) - 1):
        bent.write_bytes(whole[:short])
        assert other.efface("restore", str(bent), "--keys", f"{file}.keys", "--identity", str(identity))[0] == 1
    assert not (other.folder / "secrets").exists(), "nothing was touched"

    running = other.start("restore", str(file), "--identity", str(identity))
    until = time.monotonic() + 120
    while not (other.folder / "restore-unfinished").exists() and time.monotonic() < until and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait(10)
    assert (other.folder / "restore-unfinished").exists()
    time.sleep(1)
    code, _, err = other.efface("up")
    assert code == 1 and "restore was interrupted" in err
    shutil.copytree(first.folder / "objects", other.folder / "objects")
    code, _, err = other.efface("restore", str(file), "--identity", str(identity))
    assert code == 0, err
    assert not (other.folder / "restore-unfinished").exists()
    after = other.tell("look")
    assert after.pop("jobs") == before.pop("jobs")
    assert {short: one["cases"] for short, one in after.items()} == {
        short: one["cases"] for short, one in before.items()
    }
