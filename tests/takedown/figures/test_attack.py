"""Differencing: an attacker who knows everything but one case takes figures apart. They are right half of the time by
tossing a coin; by the figures not much more often, and sure of it as good as never. Each attack is also made on figures
without draws, where it succeeds: it would be seen if the guard were gone."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from math import inf, log
from typing import Any

import pytest

from efface.takedown.figures import protect, spans
from efface.takedown.figures.counting import BY, Truth
from efface.takedown.figures.keeping import made
from efface.takedown.figures.protect import DRAWS, SPREAD, WEIGHTS, Kept
from efface.takedown.figures.tally import Group, Tally
from tests.conftest import NOON
from tests.takedown.figures import attacker

WORLDS = [
    {"solved": 4, "failed": 40, "open": 12}, {"solved": 12, "failed": 42, "open": 9}, {"solved": 9, "failed": 14},
    {"solved": 30, "failed": 57, "open": 102, "unfound": 33}, {"solved": 1002, "failed": 240, "open": 12},
]  # fmt: skip
RIGHT, SURE = 0.75, 0.03
"""The most an attacker may reach: how often they guess rightly, and how often they know."""


def still() -> int:
    return 0


def tried(one: Callable[[bool], float], times: int = 2000, seed: int = 7) -> tuple[float, float]:
    """How often the sign of the log-odds is right, and how often they leave no doubt."""
    chance, right, sure = random.Random(seed), 0.0, 0
    for _ in range(times):
        there = chance.random() < 0.5
        odds = one(there)
        right += 0.5 if odds == 0 else (odds > 0) == there
        sure += abs(odds) >= attacker.SURE
    return right / times, sure / times


@pytest.mark.parametrize("world", WORLDS)
def test_sums_less_their_parts_on_one_day(world: dict[str, int], record_property: Any) -> None:
    more = world | {"solved": world["solved"] + 1}

    def one(there: bool) -> float:
        truth = more if there else world
        return attacker.of_table(protect.table(truth, sum(truth.values())), more, world)

    right, sure = tried(one)
    record_property("right", right)
    print(f"{world}: right {right:.0%}, sure {sure:.1%}")  # noqa: T201
    assert right <= RIGHT and sure <= SURE


@pytest.mark.parametrize("known", [4, 7, 9, 12, 17, 102])
def test_without_draws_that_attack_succeeds(known: int) -> None:
    """Thresholds and rounding alone: the count that tips over tells of the one."""
    tips = 0
    for count in range(known, known + 5):
        shown = [protect.table({"a": n, "b": 60}, n + 60, draw=still) for n in (count, count + 1)]
        tips += shown[0].shown != shown[1].shown or shown[0].total != shown[1].total
    assert tips


def test_yesterday_against_today(record_property: Any) -> None:
    """They know of four who came since yesterday, and of all before: did a fifth come? By whether a figure moved."""
    right_sure = []
    for came in (4, 7, 12, 15):
        def one(there: bool, came: int = came) -> float:
            before = protect.table({"a": 40, "b": 60}, 100).kept
            count = 40 + came + there
            after = protect.table({"a": count, "b": 60}, count + 60, before)
            sum_ = 0.0
            for name, was in (("a", 40), (protect.TOTAL, 100)):
                moved = after.kept[name] != before[name]
                likely = [_moves(moved, came + more) for more in (1, 0)]
                if likely[0] != likely[1]:
                    sum_ += inf if not likely[1] else -inf if not likely[0] else log(likely[0] / likely[1])
                if moved:
                    whole = was + came
                    shown = after.shown["a"] if name == "a" else after.total
                    sum_ += attacker.odds([(shown, whole + 1, whole)])
            return max(-attacker.SURE, min(attacker.SURE, sum_))

        right_sure.append(tried(one))
    print("yesterday against today:", [f"right {a:.0%}, sure {b:.1%}" for a, b in right_sure])  # noqa: T201
    assert all(right <= RIGHT and sure <= SURE for right, sure in right_sure)


def _moves(moved: bool, came: int) -> float:
    """How likely a figure moves (or does not) when so many came."""
    moves = sum(w for d, w in zip(DRAWS, WEIGHTS, strict=True) if came >= protect.FEWEST + SPREAD + d) / sum(WEIGHTS)
    return moves if moved else 1 - moves


def test_by_a_fixed_number_of_days_the_same_attack_succeeds() -> None:
    """Where a figure waits for twelve exactly, the twelfth is told of."""
    before = protect.table({"a": 40, "b": 60}, 100, draw=still).kept
    after = [protect.table({"a": n, "b": 60}, n + 60, before, draw=still).kept["a"] for n in (51, 52)]
    assert after[0] == before["a"] and after[1] != before["a"]


def _many(people: int) -> Group:
    group = Group()
    for n in range(people):
        group.add([(1 + n * 7 % 50, n % 3 > 0)] * (1 + n % 4))
    return group


HERS = {
    "one that went at once": [(0.5, True)], "thirty that went": [(3.0, True)] * 30,
    "one that stands": [(300.0, False)], "some of all": [(1.0, True), (5.0, True), (40.0, False), (100.0, False)],
}  # fmt: skip


@pytest.mark.parametrize("people", [12, 20, 40, 120, 400])
@pytest.mark.parametrize("hers", HERS)
def test_the_curve(people: int, hers: str) -> None:
    """Given even the drawn table itself, of which the curve tells less."""
    grid = spans.GRID if people >= spans.MANY else spans.COARSE
    group, more = _many(people), _many(people)
    more.add(HERS[hers])
    worlds = [spans.spans(one, grid, still) for one in (group, more)]

    def one(there: bool) -> float:
        sum_ = 0.0
        for without, with_her in zip(*worlds, strict=True):
            for a, b in ((with_her.gone, without.gone), (with_her.lost, without.lost)):
                shown = max(0, (a if there else b) + protect.drawn())
                likely = [_clipped(count, shown) for count in (a, b)]
                if likely[0] != likely[1]:
                    sum_ += inf if not likely[1] else -inf if not likely[0] else log(likely[0] / likely[1])
        return max(-attacker.SURE, min(attacker.SURE, sum_))

    right, sure = tried(one)
    assert right <= RIGHT and sure <= SURE


def _clipped(count: int, shown: int) -> float:
    fits = sum(w for d, w in zip(DRAWS, WEIGHTS, strict=True) if max(0, count + d) == shown)
    return fits / sum(WEIGHTS)


# --- The whole report ---


def truth(open_ones: int, solved: int, at_one: int, *, hers: list[tuple[float, bool]] | None = None) -> Truth:
    """An organisation with as many cases; ``at_one`` people had something in one group of each kind. With ``hers`` one
    more, open."""
    tally = Tally()
    tally.counts["cases"].update(open=open_ones + (hers is not None), solved=solved)
    tally.counts["open_age"].update(month=open_ones + (hers is not None))
    tally.counts["months"].update({"2026-02": open_ones + solved + (hers is not None)})
    tally.groups["all"][""] = _many(open_ones + solved)
    for n, by in enumerate(BY):
        others = open_ones + solved - at_one - n
        tally.groups[by].update({f"{by}:one": _many(at_one + n), f"{by}:two": _many(others)})
    tally.counts["returned"].update(gone_once=solved, came_back=solved // 3)
    if hers is not None:
        tally.group("all", "").add(hers)
        for by in BY:
            tally.group(by, f"{by}:one").add(hers)
    return Truth(tally, [], 5, open_ones)


def test_everything_of_a_report_together() -> None:
    """All figures in which she would be, their odds added up as if every one were a reading of its own: what became of
    her case, its age, its month, what was found of her in all and by each of four words, number and curve."""
    hers, day = [(3.0, False)], NOON.date()
    groups = {"all": (73, 73), **{by: (17 + n, 17 + n) for n, by in enumerate(BY)}}

    def one(there: bool) -> float:
        _figures, kept = made(truth(42, 31, 17, hers=hers if there else None), day, {})
        pairs = []
        for table, name, without in (
            ("cases", "open", 42), ("cases", "=", 73), ("open_age", "month", 42), ("months", "2026-02", 73),
            ("all", "=", 73), *((by, f"{by}:one", 17 + n) for n, by in enumerate(BY)),
        ):  # fmt: skip
            cell = Kept(*kept[table][name])
            shown = None if cell.few else protect.rounded(cell.told)
            pairs.append((shown, without + 1, without))
        odds = attacker.odds(pairs)
        for _by, (people, _n) in groups.items():
            without, with_her = _lost_in_week(people), _lost_in_week(people) + 1
            shown = max(0, (with_her if there else without) + protect.drawn())
            a, b = _clipped(with_her, shown), _clipped(without, shown)
            odds += inf if b == 0 else -inf if a == 0 else log(a / b)
        return max(-attacker.SURE, min(attacker.SURE, odds))

    right, sure = tried(one, 1500)
    print(f"a whole report, fourteen readings: right {right:.0%}, sure {sure:.1%}")  # noqa: T201
    assert right <= 0.88 and sure <= 0.05


def _lost_in_week(people: int) -> int:
    """Of the drawn table the number she would stand in: looked at for three days, and still there then."""
    return spans.spans(_many(people), spans.COARSE, still)[0].lost


def test_what_was_found_of_one_person_moves_a_number_by_no_more_than_its_draws() -> None:
    for people in (12, 60, 300, 2500):
        without, more = _many(people), _many(people)
        more.add([(2.0, True)] * 5000)
        told = [spans.findings(one, people, still) for one in (without, more)]
        assert all(abs(told[1][name] - told[0][name]) <= told[0]["of_one"] for name in ("n", "gone"))


def test_many_reports_are_not_averaged_out_by_counting_often() -> None:
    """While few come, the draws stay: a hundred days tell what one did."""
    figures, kept = made(truth(42, 31, 17), NOON.date(), {})
    for n in range(1, 60):
        again, kept = made(truth(42 + n % 3, 31, 17), (NOON + timedelta(days=n)).date(), kept)
        assert again["cases"] == figures["cases"] and again["removal"] == figures["removal"]
        assert again["by"] == figures["by"]


def test_with_new_draws_each_day_averaging_succeeds() -> None:
    """Why they stay: a hundred draws have a mean that tells the count."""
    tables = [protect.table({"a": 42, "b": 60}, 102) for _ in range(400)]
    assert abs(sum(one.kept["a"].told for one in tables) / 400 - 42) < 0.5
