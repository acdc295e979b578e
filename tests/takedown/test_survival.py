"""Curves against tables worked by hand; what still stands is counted as standing, small groups are kept back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.engine.base.ids import uuid7
from efface.sites import learning
from efface.takedown import statistics
from efface.takedown.survival import curve

#: 21 remissions, times in weeks, "+" still in remission (A. J. Gehan, Biometrika 52, 1965).
REMISSIONS = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"


def times(text: str) -> list[tuple[float, bool]]:
    return [(float(one.rstrip("+")), not one.endswith("+")) for one in text.split()]


def test_a_table_worked_by_hand() -> None:
    found = curve(times(REMISSIONS))
    # 18/21, *16/17, *14/15, *11/12, *10/11, *6/7, *5/6
    assert [(p.days, round(p.standing, 4), p.at_risk, p.gone) for p in found.points] == [
        (6, 0.8571, 21, 3), (7, 0.8067, 17, 1), (10, 0.7529, 15, 1), (13, 0.6902, 12, 1), (16, 0.6275, 11, 1),
        (22, 0.5378, 7, 1), (23, 0.4482, 6, 1),
    ]  # fmt: skip
    assert found.median == 23 and (found.n, found.gone, found.longest) == (21, 9, 35)
    # Greenwood at 10: 3/(21*18) + 1/(17*16) + 1/(15*14) = .016375; spread 1.96 * .12796 / .28382 = .88371
    ten = found.at(12)
    assert (ten.days, round(ten.low, 3), round(ten.high, 3)) == (10, 0.503, 0.889)
    assert found.at(5).standing == 1.0 and not found.known_to(40) and found.known_to(35)


def test_without_anything_still_standing_it_is_the_plain_share() -> None:
    found = curve([(1, True), (2, True), (3, True), (4, True)])
    assert [round(p.standing, 6) for p in found.points] == [0.75, 0.5, 0.25, 0.0]
    assert found.median == 2 and found.points[-1].high == 0.0 and found.known_to(99)
    assert curve([]).points == () and curve([]).median is None and curve([(3, False)]).points == ()


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=60))
def test_a_curve_only_falls_and_its_bounds_hold_it(rows: list[tuple[float, bool]]) -> None:
    found = curve(rows)
    before = 1.0
    for point in found.points:
        assert 0.0 <= point.low <= point.standing + 1e-12 and point.standing <= point.high + 1e-12 <= 1.0 + 1e-9
        assert point.standing < before
        before = point.standing
    assert found == curve(reversed(rows))


def test_small_groups_are_never_shown_alone() -> None:
    few = {"one.example": [(1.0, True)], "two.example": [(2.0, False)] * 3}
    large = {"big.example": [(3.0, True)] * 5}
    assert [one.name for one in statistics.grouped({**few, **large})] == ["big.example"]
    more = statistics.grouped({**few, **large, "three.example": [(1.0, False)]})
    assert [(one.name, one.rest, one.n) for one in more] == [("big.example", False, 5), ("", True, 5)]


@pytest.mark.django_db
def test_what_was_sent_is_followed_to_its_end(now: Any) -> None:
    ids = [uuid7() for _ in range(12)]
    for one in ids:
        learning.sent(one, "email", "a@host.example", "host", "eu_dsa_art16", "de", now - timedelta(days=40),
                      site="site.example", host="host:AS1")  # fmt: skip
    for one in ids[:6]:
        learning.removed(one, 48)
    learning.ended(ids[0], 24)
    for one in ids[6:8]:
        learning.ended(one, 24)
    for by, name in (("site", "site.example"), ("host", "host:AS1"), ("route", "eu_dsa_art16"), ("language", "de")):
        (group,) = statistics.groups(by, now)
        assert (group.name, group.n, group.removed, group.open) == (name, 12, 6, 6)
        assert group.median == 2.0
        # Two were lost from sight after a day: 6 of the 10 that were looked at on the second day went.
        assert group.month is not None and group.month.share == pytest.approx(0.6)
        assert (group.low, group.high) == learning.interval(6, 12)
    told = statistics.as_json("route", now)[0]
    assert told["interval"][0] < 0.5 < told["interval"][1] and told["curve"][0][0] == 2.0


@pytest.mark.django_db
def test_the_command_says_the_same(now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    from click.testing import CliRunner

    from efface.cli import outcomes

    monkeypatch.setattr(outcomes, "database", nullcontext)
    assert "Nothing yet" in CliRunner().invoke(outcomes.outcomes, []).output
    for number in range(6):
        one = uuid7()
        learning.sent(one, "email", "a@h.example", "host", "us_tida", "en", now - timedelta(days=9), site="s.example")
        if number < 3:
            learning.removed(one, 36)
    said = CliRunner().invoke(outcomes.outcomes, ["--by", "site"]).output
    assert said == "s.example: 3 of 6 gone (19% to 81%), half within 1.5 days\n"
    told = json.loads(CliRunner().invoke(outcomes.outcomes, ["--json"]).output)
    assert told["by"] == "route" and told["groups"][0]["name"] == "us_tida" and told["groups"][0]["open"] == 3
