"""The scripts are built once for a state of their sources, and say what is missing where they cannot be."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from web import build as building
from web.build import BuildFailed, build, is_built
from web.cli import web

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("built") / "device"
    try:
        assert build(into)
    except BuildFailed as error:
        pytest.skip(f"the scripts' packages cannot be had here: {error}")
    return into


def test_what_is_built_is_whole_and_is_left_as_it_is(made: Path) -> None:
    held = json.loads((made / "manifest.json").read_text())
    assert {path.name for path in made.iterdir()} == {
        "manifest.json", *held["files"], *(f"{name}.gz" for name in held["files"]),
    }  # fmt: skip
    for name in held["files"]:
        assert gzip.decompress((made / f"{name}.gz").read_bytes()) == (made / name).read_bytes()
    assert not build(made)
    assert held["begin_bytes"] < 60_000, "the page must stay light on a slow line"
    assert not any("eval(" in (made / name).read_text() for name in held["files"] if name.endswith(".js"))


def test_another_state_or_a_missing_file_is_built_anew(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = json.loads((made / "manifest.json").read_text())
    assert is_built(made)
    gone = made / held["wasm"]
    content = gone.read_bytes()
    gone.unlink()
    assert not is_built(made)
    gone.write_bytes(content)
    monkeypatch.setattr(building, "digest", lambda entry=building.ENTRY: "another")
    assert not is_built(made)


def test_a_failure_is_one_sentence_and_leaves_what_was_there(
    made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(building, "digest", lambda entry=building.ENTRY: "another")
    before = sorted(path.name for path in made.iterdir())

    class Failed:
        returncode, stdout, stderr = (
            1,
            "",
            "npm error code ENOTFOUND\nnpm error at https://user:secret@mirror.example/x",
        )

    monkeypatch.setattr(building, "_run", lambda *given: Failed())
    with pytest.raises(BuildFailed, match="failed: ") as raised:
        build(made)
    assert "secret" not in str(raised.value)
    assert sorted(path.name for path in made.iterdir()) == before
    monkeypatch.setattr("web.cli.build", lambda: build(made))
    answer = CliRunner().invoke(web, ["build"])
    assert answer.exit_code == 1 and "the page offers the other ways" in answer.output


def test_set_up_goes_on_without_them(tmp_path: Path) -> None:
    """The set-up script says that they are missing, and is not stopped by it."""
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\necho 'no npm here' >&2\nexit 1\n")
    failing.chmod(0o700)
    script = (
        "import importlib.machinery, importlib.util, sys\n"
        f"loader = importlib.machinery.SourceFileLoader('run', {str(ROOT / 'run')!r})\n"
        "run = importlib.util.module_from_spec(importlib.util.spec_from_loader('run', loader))\n"
        "loader.exec_module(run)\n"
        f"run.PYTHON, run.HERE = {str(failing)!r}, {str(tmp_path)!r}\n"
        "run.build_scripts()\nprint('went on')\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    said: Any = done.stderr
    assert done.returncode == 0 and done.stdout == "went on\n"
    assert "no npm here" in said and "everything else works" in said
