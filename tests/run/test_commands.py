"""Commands as an operator types them, in a process each, against an installation of their own; and what holds for
every command there is."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from efface.cli.main import main

ROOT = Path(__file__).parents[2]
WAITS = """import sys
from efface.cli.session import database
with database():
    print("ready", flush=True)
    sys.stdin.read()
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of the tree that does something itself, by its words."""

    def walk(one: click.Command, context: click.Context, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(one, click.Group):
            yield " ".join(words), one
            return
        for name in one.list_commands(context):
            inner = one.get_command(context, name)
            assert inner is not None, name
            yield from walk(inner, click.Context(inner, info_name=name, parent=context), (*words, name))

    yield from walk(main, click.Context(main, info_name="efface"), ())


def test_every_command_answers_in_json_and_has_help() -> None:
    found = dict(commands())
    assert {"init", "doctor", "partner news", "exchange export", "jobs", "holds"} <= set(found) and len(found) > 70
    without = [words for words, one in found.items() if not any("--json" in option.opts for option in one.params)]
    assert without == []
    assert [words for words, one in found.items() if not (one.help or "").strip()] == []


class Here:
    """An installation, and what an operator types there."""

    def __init__(self, folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EFFACE_", "DJANGO_"))}
        self.environment = kept | {"EFFACE_DATA": str(folder), "PYTHONPATH": str(ROOT)}

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "efface.cli.main", *map(str, words)], env=self.environment, text=True,
            capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def says(self, *words: object) -> str:
        done = self.run(*words)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def answers(self, *words: object) -> Any:
        """What it says with ``--json``, which is JSON and nothing else."""
        return json.loads(self.says(*words, "--json"))

    def refuses(self, *words: object) -> str:
        """One line that says what to do, and no more."""
        done = self.run(*words)
        assert done.returncode in (1, 2), (words, done.stdout, done.stderr)
        told = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert len(told) == 1 and done.stdout == "", (words, done.stdout, done.stderr)
        return told[0]


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    folder = Path(tempfile.mkdtemp(prefix="efface-commands-"))
    folder.chmod(0o711)
    made = Here(folder / "data")
    assert "there is no installation here" in made.refuses("partner", "list", "--organisation", "desk")
    made.says("init", "--kind", "training")
    made.says("organisation", "add", "Example Helpline", "--short", "desk", "--country", "DE")
    # The database goes on running beside, so that not each command has to start one.
    beside = subprocess.Popen([sys.executable, "-c", WAITS], env=made.environment, text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert beside.stdout is not None and beside.stdout.readline() == "ready\n"
        yield made
    finally:
        beside.communicate("", timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_partners_from_key_to_end(here: Here) -> None:
    of = ("--organisation", "desk")
    assert "No partner has a key" in here.says("partner", "list", *of) and here.answers("partner", "list", *of) == []
    assert "no organisation nobody" in here.refuses("partner", "list", "--organisation", "nobody")
    assert "at least one thing" in here.refuses("partner", "make", "Shelter", *of, "--scope", "everything")
    assert "between 1 and" in here.refuses("partner", "make", "Shelter", *of, "--scope", "cases.read", "--days", 9999)
    assert "what was agreed" in here.refuses("partner", "make", "Shelter", *of, "--scope", "lookup")
    assert "--scope" in here.refuses("partner", "make", "Shelter", *of)
    made = here.answers("partner", "make", "Example Shelter", *of, "--scope", "cases.open", "--scope", "cases.read")
    assert made["key"].startswith("efk_") and set(made) == {"id", "key", "expires"}
    assert "shown once: efk_" in here.says("partner", "make", "Other", *of, "--scope", "lookup", "--agreement", "p. 7")
    (row,) = [one for one in here.answers("partner", "list", *of) if one["name"] == "Example Shelter"]
    assert row["id"] == made["id"] and row["state"] == "good" and made["key"] not in json.dumps(row)
    listed = here.says("partner", "list", *of)
    assert "Example Shelter" in listed and made["key"] not in listed
    assert "no such partner" in here.refuses("partner", "revoke", "efk_nobody", *of)
    assert "--to ADDRESS" in here.refuses("partner", "news", made["id"], *of)
    assert "https" in here.refuses("partner", "news", made["id"], *of, "--to", "ftp://x")
    assert "one of --to" in here.refuses("partner", "news", made["id"], *of, "--rotate", "--end")
    first = here.answers("partner", "news", row["begins"], *of, "--to", "https://shelter.example/news")
    assert first["secret"].startswith("efs_") and first["to"] == "https://shelter.example/news"
    assert "shown once: efs_" in here.says("partner", "news", made["id"], *of, "--rotate")
    assert here.answers("partner", "news", made["id"], *of, "--resend")["resent"] == 0
    assert "0 pieces of news did not arrive yet" in here.says("partner", "news", made["id"], *of)
    assert here.answers("partner", "news", made["id"], *of, "--end")["ended"] is True
    renewed = here.answers("partner", "renew", made["id"], *of, "--days", 30)
    assert renewed["id"] == made["id"] and renewed["key"] != made["key"]
    assert here.answers("partner", "revoke", made["id"], *of) == {"revoked": True}
    assert here.says("partner", "revoke", made["id"], *of) == "It was revoked before.\n"
    assert "make a new key" in here.refuses("partner", "renew", made["id"], *of)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_report_that_came_another_way_is_taken_in_once(here: Here, tmp_path: Path) -> None:
    of, file = ("--organisation", "desk"), tmp_path / "report.json"
    given = {"xarf_version": "4.0.0", "report_id": "a-report-by-mail", "url": "https://pictures.example/p/1"}
    file.write_text(json.dumps(given))
    assert here.answers("partner", "report", file, *of)["new"] is True
    assert here.says("partner", "report", file, *of) == "It was taken in before.\n"
    here.refuses("partner", "report", file, "--organisation", "nobody")
    here.refuses("partner", "report", tmp_path / "absent", *of)
    picture = given | {"evidence": [{"payload": "x", "content_type": "image/png"}]}
    for wrong in ("{", "[]", "[" * 100_000, json.dumps(picture)):
        file.write_text(wrong)
        here.refuses("partner", "report", file, *of)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lists_of_others(here: Here, tmp_path: Path) -> None:
    of = ("--organisation", "desk")
    out = tmp_path / "list.json"
    for refused in (
        ("export", "stopncii", out, *of), ("export", "nothing", out, *of), ("set", "nothing", *of, "--on"),
        ("set", "stopncii", *of, "--on"), ("set", "stopncii", "--organisation", "nobody", "--on"),
        ("export", "stopncii", out, "--organisation", "nobody"),
    ):  # fmt: skip
        here.refuses("exchange", *refused)
    assert not out.exists()
    switched = here.answers("exchange", "set", "stopncii", *of, "--on", "--terms", "read by the board")
    assert switched == {"adapter": "stopncii", "on": True}
    written = here.answers("exchange", "export", "stopncii", out, *of)
    assert written["file"] == str(out) and stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "written to" in here.says("exchange", "export", "stopncii", out, *of)
    read = here.answers("exchange", "read", "stopncii", out)
    assert len(read) == written["rows"] + 1, "and the canary, which is told to nobody"
    assert "stopncii is off." in here.says("exchange", "set", "stopncii", *of, "--off")
    here.refuses("exchange", "read", "lumen", out)
    here.refuses("exchange", "read", "stopncii", tmp_path / "absent")
    (tmp_path / "broken").write_bytes(b"\x00\xff<not a list>")
    for adapter in ("stopncii", "ncmec"):
        here.refuses("exchange", "read", adapter, tmp_path / "broken")
    here.refuses("exchange", "export", "stopncii", tmp_path / "no" / "folder", *of)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_waits_and_what_stands(here: Here, tmp_path: Path) -> None:
    told = here.answers("jobs")
    assert set(told) == {"jobs", "failed_jobs", "deadlines_waiting", "next_due", "failed_deadlines"}
    assert "deadlines wait; the next is due" in here.says("jobs")
    assert here.answers("holds", "--organisation", "desk") == []
    assert here.says("holds", "--organisation", "desk") == "No hold stands.\n"
    assert "no organisation nobody" in here.refuses("holds", "--organisation", "nobody")
    assert "--organisation" in here.refuses("holds")
    file = tmp_path / "jobs.json"
    here.says("jobs", "--json", file)
    assert set(json.loads(file.read_text())) == set(told)
    assert "cannot be written" in here.run("jobs", "--json", tmp_path / "no" / "folder").stderr
    assert here.answers("attest", "key")["pem"].startswith("-----BEGIN PUBLIC KEY-----")


@pytest.mark.slow
def test_the_description_of_the_api_is_printed_and_written(here: Here, tmp_path: Path) -> None:
    committed = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert here.says("api", "schema") == committed and here.answers("api", "schema") == json.loads(committed)
    here.says("api", "schema", "--out", tmp_path / "api.json")
    assert (tmp_path / "api.json").read_text(encoding="utf-8") == committed
    here.refuses("api", "schema", "--out", tmp_path / "no" / "folder")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_what_is_printed_for_it(shell: str, tmp_path: Path) -> None:
    script = Here(tmp_path).says("completion", shell)
    begins = {"bash": "_efface_completion()", "zsh": "#compdef efface", "fish": "function _efface_completion"}[shell]
    assert script.lstrip().startswith(begins) and "_EFFACE_COMPLETE" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run([program, "-n"], input=script, text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stderr == ""


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    """The script of bash, used as bash uses it, with the command it asks."""
    bash, script = shutil.which("bash"), Here(tmp_path).says("completion", "bash")
    assert bash is not None
    (tmp_path / "efface").write_text(
        f"#!{sys.executable}\nfrom efface.cli.main import main\nmain(prog_name='efface')\n"
    )
    (tmp_path / "efface").chmod(0o755)
    asks = f"{script}\nCOMP_WORDS=(efface partner re); COMP_CWORD=2; _efface_completion efface; echo ${{COMPREPLY[@]}}"
    # The program's name is what the script asks for answers.
    environment = Here(tmp_path).environment | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([bash, "-c", asks], env=environment, text=True, capture_output=True, timeout=120, check=False)
    assert set(done.stdout.split()) == {"renew", "report", "revoke"}, done.stderr


def test_another_shell_is_refused_in_one_line(tmp_path: Path) -> None:
    assert "'bash', 'fish', 'zsh'" in Here(tmp_path).refuses("completion", "tcsh")
    assert Here(tmp_path).answers("completion", "fish")["shell"] == "fish"
