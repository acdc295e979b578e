"""Every guard of the decision table, broken: without it the same evidence would be called gone, with it it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from efface.net.protocol import Observation, PathLook
from efface.takedown import sight, verdict
from efface.takedown.verdict import GONE, Claim, claim
from tests.takedown.test_verdict import (
    ALIVE,
    BASELINE,
    CONTROL,
    FULL,
    GONE_THREE_DAYS,
    NONE_LEFT,
    PAGE,
    PROBES,
    page,
    past,
    picture,
    seen,
    told,
)

NORTH = "north"


def path(look: Any = None, media: Any = None, control: Any = CONTROL) -> PathLook:
    return PathLook(NORTH, page(404) if look is None else look, control, NONE_LEFT if media is None else media)


def soft(**more: Any) -> Any:
    return page(probe=0.95, **more)


SAME = page(url="https://a.example/v/2", probe=1.0)
HOME = page(url="https://a.example/", probe=-1)


@dataclass(frozen=True, slots=True)
class Guard:
    """``evidence`` is not gone; with ``at`` (module attribute) replaced by ``broken`` it would be called so."""

    name: str
    evidence: Observation
    at: str
    broken: Any
    state: str


def _without(function: Callable[..., Any], **fixed: Any) -> Any:
    """``sight.media`` or ``sight._page``, asked about evidence of which some is hidden from it."""
    return lambda look, *rest: function(replace(look, **fixed), *rest)


_media, _page = sight.media, sight._page
GUARDS = [
    Guard("no control", seen(control=None), "control_ok", lambda *_: True, "unknown"),
    Guard("a control that is every page", seen(control=SAME), "SAME_EVERYWHERE", 2.0, "unknown"),
    Guard("a control forwarded home", seen(control=page(url="https://a.example/v/2", final_url="https://a.example/")),
          "_shallower", lambda _: False, "unknown"),
    Guard("a front page does not vouch for galleries", seen(soft(), control=HOME), "telling_control", lambda _: True,
          "unknown"),
    Guard("our own name service failed", seen(page(404, error="servfail")), "_trouble", lambda _: None, "unknown"),
    Guard("visitors disagree", seen(pages={"bot": page(404), "browser": page(404), "from-search": page(baseline=0.1)}),
          "disagree", lambda _: False, "conflict"),
    Guard("another address of the page", seen(page(404), others=[page(served=True, url=PAGE + "/xx")]), "others",
          lambda *_: [], "live"),
    Guard("another address behind a door", seen(page(404), others=[page(403, url=PAGE + "/xx")]), "others",
          lambda *_: [], "gated"),
    Guard("seen from elsewhere", seen(paths=[path(page(served=True), ALIVE)]), "place", lambda *_: "absent",
          "geo-blocked"),
    Guard("media seen from elsewhere", seen(paths=[path(media=ALIVE)]), "place", lambda *_: "useless", "geo-blocked"),
    Guard("hidden by country elsewhere", seen(paths=[path(page(451))]), "place", lambda *_: "absent", "geo-blocked"),
    Guard("a page stands there elsewhere", seen(paths=[path(page(baseline=0.1))]), "place", lambda *_: "absent",
          "conflict"),
    Guard("a piece of the video", seen(media=[*NONE_LEFT, picture("segment", 200, matches=True, url=FULL + ".ts")]),
          "media", lambda look, *_: "gone" if look.role == "segment" else _media(look), "partial"),
    Guard("a picture that was not compared", seen(media=[picture(status=200, distance=130)]), "media",
          _without(_media, compared=True), "conflict"),
    Guard("a picture that resembles it", seen(media=[picture(status=200, distance=60, compared=True)]), "NEAR", 0,
          "conflict"),
    Guard("what stands there could not be read", seen(media=[picture(status=200, error="corrupt")]), "media",
          lambda *_: "gone", "unknown"),
    Guard("a video that may be hers", seen(replace(page(404), uncompared=[FULL + ".mp4"])), "uncompared", lambda _: [],
          "unknown"),
    Guard("an empty frame that scripts fill", seen(replace(soft(walls=("not-found",)), scripted=True)), "_shell",
          lambda _: False, "unknown"),
    Guard("a page that goes on", seen(replace(page(baseline=0.1), cut=True)), "_page", _without(_page, cut=False),
          "unknown"),
    Guard("a door", seen(page(walls=("login", "not-found"))), "_page", lambda *_: "gone", "gated"),
    Guard("a test for robots", seen(page(walls=("challenge", "not-found"))), "_page", lambda *_: "gone", "bot-blocked"),
    Guard("a medium behind a door", seen(media=[picture(status=403)]), "media", lambda *_: "gone", "gated"),
    Guard("a domain on hold", seen(page(404), domain_status=["clientHold"]), "held", lambda _: False, "suspended"),
    Guard("switched off", seen(page(404, walls=("suspended",))), "_page", lambda *_: "gone", "suspended"),
    Guard("an edge still has it", seen(media=[picture(status=200, matches=True, hit=True, bypass=404)]), "media",
          lambda *_: "gone", "partial"),
    Guard("words about her are left", seen(page(baseline=0.9)), "SAME_TEXT", 2.0, "partial"),
]  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS, ids=lambda one: one.name)
def test_each_guard_alone_holds_the_claim_back(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = told(guard.evidence)
    assert kept.state == guard.state and kept.state not in GONE
    monkeypatch.setattr(sight, guard.at, guard.broken)
    assert told(guard.evidence).state in GONE


def test_the_clock_is_a_guard_too(monkeypatch: pytest.MonkeyPatch) -> None:
    early = GONE_THREE_DAYS[1:]
    assert told(seen(), early).state == "gone-provisional"
    monkeypatch.setattr(verdict, "CONFIRM_SPAN", 24 * verdict.HOUR)
    assert told(seen(), early).state == "gone-confirmed"
    monkeypatch.setattr(verdict, "CONFIRM_CHECKS", 1)
    assert told(seen()).state == "gone-provisional"
    monkeypatch.setattr(verdict, "CONFIRM_SPAN", 0 * verdict.HOUR)
    assert told(seen()).state == "gone-confirmed"


# places -----------------------------------------------------------------------------------------------------------


def test_a_claim_from_one_place_says_so_and_one_from_two_names_them() -> None:
    alone = told(seen(), GONE_THREE_DAYS)
    assert alone.state == "gone-confirmed" and "from one place only" in alone.reason and alone.places == 1
    twice = [replace(one, places=2) for one in GONE_THREE_DAYS]
    both = told(seen(paths=[path()]), twice)
    assert "from 2 places (here and north)" in both.reason and both.places == 2


def test_one_check_from_one_place_caps_the_claim() -> None:
    mixed = [replace(one, places=2) for one in GONE_THREE_DAYS[1:]]
    assert "from one place only" in told(seen(paths=[path()]), [GONE_THREE_DAYS[0], *mixed]).reason


@pytest.mark.parametrize("useless", [
    path(control=None), path(control=page(0, url="https://a.example/v/2", error="timeout")), path(page(403)),
    path(page(walls=("challenge",))), path(page(0, error="timeout")), path(media=[picture(status=429)]),
])  # fmt: skip
def test_a_place_that_could_not_look_is_not_counted_and_stops_nothing(useless: PathLook) -> None:
    found = told(seen(paths=[useless]), [replace(one, places=2) for one in GONE_THREE_DAYS])
    assert (found.state, found.places) == ("gone-confirmed", 1)


def test_seen_from_elsewhere_needs_no_control() -> None:
    found = told(seen(paths=[path(page(served=True), ALIVE, control=None)]))
    assert (found.row, found.state) == (10, "geo-blocked") and "from north" in found.reason


def test_where_we_could_not_see_and_another_place_can_it_is_there() -> None:
    for hidden in (page(403), page(walls=("challenge",)), page(0, error="timeout")):
        assert told(seen(hidden, paths=[path(page(served=True), ALIVE)])).state == "live"


def test_back_as_seen_from_elsewhere_is_back() -> None:
    before = [replace(one, at=one.at - 10 * verdict.DAY) for one in GONE_THREE_DAYS]
    history = [*before, past("gone-confirmed", 240, 15)]
    found = told(seen(paths=[path(media=ALIVE)]), history)
    assert (found.state, found.returned) == ("reappeared", True)


def test_what_may_be_said_of_it() -> None:
    assert claim([]) is None and claim([past("live", 3, 2)]) is None
    assert claim(GONE_THREE_DAYS) == Claim(3, 1, 1)
    again = [past("live", 200, 2), *(replace(one, places=3) for one in GONE_THREE_DAYS), past("unknown", 1, 1)]
    assert claim(again) == Claim(3, 1, 3)
    assert claim([*again, past("gated", 0.5, 8)]) is None


# pictures that stand there instead ------------------------------------------------------------------------------


def test_a_picture_that_a_person_said_is_a_strangers_stays_one() -> None:
    hers, other = "0" * 64, "f" * 64
    evidence = seen(media=[picture(status=200, distance=130, pdq=other)])
    assert told(evidence).state == "conflict" and sight.strangers(evidence, BASELINE) == [other]
    known = replace(BASELINE, strangers=[other])
    assert told(evidence, baseline=known).state == "gone-provisional" and sight.strangers(evidence, known) == []
    changed = seen(media=[picture(status=200, distance=130, pdq=hers)])
    assert told(changed, baseline=known).state == "conflict"
    assert told(seen(page(404), ALIVE), baseline=known).state == "partial"


@pytest.mark.parametrize(("first", "second", "same"), [
    ("https://a.example/v/1/name", "https://www.a.example/v/2/other", True),
    ("https://a.example/v/1/name", "https://a.example/", False),
    ("https://a.example/v/1/name", "https://a.example/login", False),
    ("https://a.example/v/1/name", "https://a.example/tag/2/other", False),
    ("https://a.example/album.php?id=1", "https://a.example/album.php?id=2", True),
    ("https://a.example/album.php?id=1", "https://a.example/album.php", False),
    ("https://a.example/album.php?id=1", "https://a.example/list.php?id=1", False),
    ("https://a.example/name-1.html", "https://a.example/other-2.html", True),
    ("https://a.example/name-1.html", "https://a.example/about", False),
    ("https://a.example/v/1", "https://b.example/v/2", False),
])  # fmt: skip
def test_pages_of_one_kind(first: str, second: str, same: bool) -> None:
    assert sight.kin(first, second) is same and sight.kin(second, first) is same


def test_a_soft_page_that_says_so_needs_no_kin() -> None:
    assert told(seen(page(walls=("not-found",)), control=HOME)).state == "gone-provisional"
    assert told(seen(page(404), control=HOME)).state == "gone-provisional"
    probes = [page(url=f"https://a.example/v/q{n}", final_url="https://a.example/", probe=-1) for n in (1, 2)]
    forwarded = page(final_url="https://a.example/")
    assert told(seen(forwarded, probes=probes, control=HOME)).state == "unknown"
    assert told(seen(forwarded, probes=probes)).state == "gone-provisional"
    assert PROBES
