"""``python -m efface.vision.models``."""

from __future__ import annotations

from pathlib import Path

import pytest

from efface.vision.models.__main__ import main
from tests.vision.models.conftest import Registry, stock


def test_install_verify_list(registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stock(registry, tmp_path)
    assert main(["list", str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("missing") == 3
    assert main(["install", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert told.out.count("installed") == 3 and "fetch tiny 1.0.0" in told.err
    assert main(["verify", str(tmp_path)]) == 0


def test_an_error_is_one_sentence_and_exit_code_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "mine.toml").write_text("id = 3", encoding="utf-8")
    assert main(["verify", str(tmp_path)]) == 2
    assert "mine.toml" in capsys.readouterr().err
