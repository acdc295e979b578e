"""``bench.faces`` on the sample portraits: the form of its answer, and that people are found and not mixed up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.faces import NoModels, measure


def test_the_figures_come_with_their_counts(models_dir: Path, portraits: Path, tmp_path: Path) -> None:
    for person in ("person-a", "person-b", "person-c", "person-d", "person-e"):
        shutil.copytree(portraits / person, tmp_path / person)
    shutil.copy(portraits / "person-c" / "1.jpg", tmp_path / "person-c" / "9.jpg")
    found = measure(tmp_path, models_dir)
    assert found["photos"] == 13 and found["people"] == 5 and found["detect_miss_rate"] == 0
    assert set(found["small"]) == {"32", "24"}
    for name in ("review", "strong"):
        level = found[name]
        assert level["far"] == 0 and level["tpr3"] == 1
        assert level["counts"]["three"]["probes"] == 1 and level["counts"]["one"]["probes"] == 8
        assert 0 < level["threshold1"] < level["threshold"] < 1
    assert found["small_in_full"]["24"]["width_median"] == pytest.approx(24, abs=3)


def test_without_models_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(NoModels, match="efface models install"):
        measure(tmp_path, tmp_path)
