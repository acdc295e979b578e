"""The benchmark of verdicts: its figures count what they say, and some of its world is played for real."""

from __future__ import annotations

from typing import Any

import pytest

from bench.verify.drive import Line
from bench.verify.run import figures, run, table, wrong


def line(truth: str, state: str, hours: float = 1.0, site: int = 0, row: int = 2) -> Line:
    return Line("way", site, hours, truth, row, state, "", (row,), "because", 1)


def test_a_wrong_gone_and_a_wrong_live_are_counted() -> None:
    right = [line("live", "live"), line("gone", "gone-provisional", row=14)]
    right.append(line("listed", "delisting-pending", row=17))
    assert figures(right)["false_gone"] == 0 and figures(right)["false_live_rate"] == 0.0 and wrong(right) == []
    for truth in ("live", "part", "text", "hidden", "moved"):
        for state in ("gone-provisional", "gone-confirmed", "content-replaced", "delisting-pending"):
            assert figures([line(truth, state)])["false_gone"] == 1
    assert figures([line("listed", "gone-confirmed")])["false_gone"] == 1
    spoilt = figures([*right, line("gone", "live"), line("gone", "unknown", row=1)])
    assert spoilt["false_live_rate"] == 0.25 and spoilt["undecided_rate"] == 0.25
    assert figures([line("gone", "live", hours=-0.5)])["false_live"] == 0


def test_who_was_gone_for_three_days_is_asked_to_be_called_so() -> None:
    days = [line("gone", "gone-provisional", hours=24.0 * n) for n in range(4)]
    late = line("gone", "gone-confirmed", hours=97.0)
    assert figures([*days, late])["confirmed"] == [1, 1]
    assert figures([*days, line("gone", "unknown", hours=97.0)])["confirmed"] == [0, 1]
    assert figures(days[:2])["confirmed"] == [0, 0]


def test_the_table_is_readable() -> None:
    shown = table([line("live", "live"), line("gone", "unknown")])
    assert "truth" in shown and shown.count("\n") == 3


ASPECTS = {
    "kept: 404, full": {"part"}, "kept: page gone, cropped": {"part"}, "kept: pieces of": {"part"},
    "kept: shown abroad": {"live"}, "gone: 200 in words nobody": {"gone"}, "hidden: maintenance": {"hidden", "part"},
    "gone: page is a bomb": {"gone"}, "hidden: body drips": {"hidden"}, "listed: gone, result left": {"listed"},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", ASPECTS)
def test_played_for_real(way: str) -> None:
    told: list[str] = []
    found: dict[str, Any] = run(3, 1, told.append, way)
    assert found["faults"] == [] and found["sites"] == 1, told
    assert found["false_gone"] == 0 and found["false_live_rate"] == 0.0, told
    assert set(found["confusion"]) <= ASPECTS[way]
