"""``efface testbed up|score`` from the outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from testbed.cli import COMMANDS, group
from testbed.serve import parse_address


def test_up_builds_and_score_reads(tmp_path: Path) -> None:
    run = CliRunner()
    folder = tmp_path / "w"
    made = run.invoke(group, ["up", "--dir", str(folder), "--sites", "10", "--subjects", "1", "--build-only", "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["sites"] == 10
    (tmp_path / "export.json").write_text(json.dumps({"candidates": [], "findings": [], "notices": []}))
    scored = run.invoke(group, ["score", "--dir", str(folder), "--export", str(tmp_path / "export.json"), "--json"])
    figures = json.loads(scored.output)
    assert figures["planted"] == figures["missed"] >= 20


def test_wrong_input_ends_in_one_sentence(tmp_path: Path) -> None:
    run = CliRunner()
    (tmp_path / "bad.json").write_text("{}")
    for arguments, words in (
        (["up", "--dir", str(tmp_path / "w"), "--sites", "3"], "at least 10 sites"),
        (["up", "--dir", str(tmp_path / "w"), "--gallery", str(tmp_path / "none")], "no such folder"),
        (["up", "--dir", str(tmp_path / "w"), "--sites", "10", "--subjects", "1", "--mail-in", "x"], "HOST:PORT"),
        (["score", "--dir", str(tmp_path), "--export", str(tmp_path / "bad.json")], "truth.json is missing"),
    ):
        answer = run.invoke(group, arguments)
        assert answer.exit_code == 1
        assert words in answer.output
        assert "Traceback" not in answer.output


def test_the_command_group_is_registered() -> None:
    assert [command.name for command in COMMANDS] == ["testbed"]
    assert parse_address("127.0.0.1:25") == ("127.0.0.1", 25)


def test_two_worlds_run_side_by_side_and_end_on_a_signal(built: Path, tmp_path: Path) -> None:
    import shutil

    running = []
    for name in ("one", "two"):
        folder = Path(shutil.copytree(built, tmp_path / name))
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "testbed.serve", "--dir", str(folder)],
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        )
    for process, name in zip(running, ("one", "two"), strict=True):
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert line["ready"] == str(tmp_path / name / "ready.json")
        assert json.loads((tmp_path / name / "ready.json").read_text())["control"]["url"] == line["control"]
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
