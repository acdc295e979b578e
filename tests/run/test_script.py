"""The ``run`` script: one sentence that says what to do, whatever is missing."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "run"


@pytest.fixture
def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("efface_run_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader("efface_run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip()


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("error: Failed to fetch: dns error: failed to lookup address", "could not be reached"),
        ("Read timed out.", "could not be reached"),
        ("Hash mismatch for `x==1`", "does not match the recorded hash"),
        ("something else went wrong", "remove the folder .venv"),
    ],
)
def test_a_failed_step_says_what_to_do(
    script: ModuleType, capsys: pytest.CaptureFixture[str], output: str, word: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        script.step([sys.executable, "-c", f"import sys; sys.stderr.write({output!r}); sys.exit(1)"], "Installing")
    assert ended.value.code == 1
    last = said(capsys).splitlines()[-1]
    assert word in last
    assert last.startswith("efface: ")


def test_a_full_disk_is_said_before_anything_is_made(
    script: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "NEEDED_MB", 10**12)
    with pytest.raises(SystemExit):
        script.set_up()
    assert "disk is nearly full" in said(capsys)


def test_a_missing_venv_module_is_named(
    script: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(script, "PYTHON", str(tmp_path / "none"))
    monkeypatch.setattr(script, "has_venv", lambda python: False)
    with pytest.raises(SystemExit):
        script.set_up()
    assert "python3-venv" in said(capsys)


def test_an_old_python_is_told_which_is_needed(
    script: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script.sys, "version_info", (3, 9, 0))
    monkeypatch.setattr(script.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit):
        script.find_python()
    assert "3.11" in said(capsys)


def test_it_can_be_read_by_an_old_python() -> None:
    """Only syntax that Python 3.6 knows, so that the sentence about the version can be said at all."""
    import ast

    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_a_ready_environment_is_left_alone(script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(script, "STAMP", str(tmp_path / "stamp"))
    assert not script.is_ready()
    (tmp_path / "stamp").write_text(script.wanted())
    assert script.is_ready()


def test_only_the_standard_library() -> None:
    imported = {
        line.split()[1].split(".")[0]
        for line in SCRIPT.read_text(encoding="utf-8").splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported <= set(sys.stdlib_module_names)
    assert subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=False).returncode == 0
