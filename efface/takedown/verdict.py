"""What a check means: the decision table. Absence is concluded from evidence, never from a failure to fetch.

The rows of the table: 1 unknown, 2 live, 3-5 partial (media, thumbnail, cache), 6 moved, 7 forwarded (goes on to 14), 8
gated, 9 blocked as a robot, 10 blocked by country, 11 domain suspended, 12 host suspended, 13 unreachable, 14 gone for
now, 15 gone, 16 replaced, 17 still listed. Row 0: what was seen contradicts itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from efface.net.protocol import Baseline, Observation
from efface.takedown import sight

State = Literal[
    "unknown", "live", "partial", "moved", "gated", "bot-blocked", "geo-blocked", "suspended", "unreachable",
    "content-replaced", "gone-provisional", "gone-confirmed", "delisting-pending", "reappeared", "conflict",
]  # fmt: skip
Part = Literal["", "media", "thumbnail", "cdn-cache", "identifying-text"]

GONE = frozenset({"gone-provisional", "gone-confirmed", "content-replaced", "delisting-pending"})
SEEN = frozenset({"live", "reappeared", "moved", "partial"})
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIRM_CHECKS = 3
CONFIRM_SPAN = 72 * HOUR
UNREACHABLE_CHECKS = 3
UNREACHABLE_SPAN = 48 * HOUR
AFTER_PROVISIONAL = (6 * HOUR, 24 * HOUR, 72 * HOUR)
AFTER_CONFIRMED = (7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY)


@dataclass(frozen=True, slots=True)
class PastCheck:
    """What is kept of an earlier check: when, what it meant, and from how many places it was looked."""

    at: datetime
    row: int
    state: str
    control_ok: bool
    places: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """``row`` of the table; ``reason`` in plain words; ``next_check`` from now (zero: at once). ``part`` is what is
    left of a partial removal; ``moved_to`` the new address; ``returned`` True when it was gone for good and is back;
    ``control_ok`` whether another page of the site was seen to work; ``places`` from how many places it was seen so.
    ``facts`` are what the reason rests on."""

    row: int
    state: State
    reason: str
    next_check: timedelta
    facts: dict[str, str | int | bool | list[str]] = field(default_factory=dict)
    part: Part = ""
    moved_to: str = ""
    returned: bool = False
    control_ok: bool = False
    places: int = 1

    def past(self, at: datetime) -> PastCheck:
        """What is to be kept for the next check."""
        return PastCheck(at, self.row, self.state, self.control_ok, self.places)


@dataclass(frozen=True, slots=True)
class Claim:
    """Not found in ``checks`` checks over ``days`` days, each of them from ``places`` places at least."""

    checks: int
    days: int
    places: int


def claim(history: Sequence[PastCheck]) -> Claim | None:
    """What the latest checks in a row come to; None where it was not gone in the last of them that could tell."""
    streak = _streak(sorted(history, key=lambda one: one.at))
    if not streak:
        return None
    return Claim(len(streak), (streak[-1].at - streak[0].at) // DAY, min(one.places for one in streak))


def judge(
    observation: Observation,
    history: Sequence[PastCheck],
    baseline: Baseline | None,
    now: datetime,
    *,
    walls_before: frozenset[str] = frozenset(),
    listed: bool = False,
) -> Verdict:
    """``history`` is this finding's earlier checks, oldest first. ``walls_before``: walls the page had when the finding
    was confirmed (a page that always asked the age is not gated for it). ``listed``: a search engine still shows it."""
    look = _Look(observation, history, baseline, now, walls_before, listed)
    return _sighted(look) or _hidden(look) or _absent(look)


class _Look:
    """One observation boiled down, for the three questions: is it seen, is it hidden, is it absent?"""

    def __init__(
        self,
        observation: Observation,
        history: Sequence[PastCheck],
        baseline: Baseline | None,
        now: datetime,
        walls_before: frozenset[str],
        listed: bool,
    ) -> None:
        self.observation, self.baseline, self.now = observation, baseline, now
        self.history = sorted(history, key=lambda one: one.at)
        self.page, self.agents = sight.page(observation, walls_before)
        self.others = sight.others(observation, walls_before)
        self.places = {
            path.name: sight.place(path, observation.probes, walls_before, baseline, self.page)
            for path in observation.paths
        }
        looks = [one for one in observation.media if one.role != "search"]
        self.full = Counter(sight.media(one, baseline) for one in looks if one.role in sight.FULL)
        self.small = Counter(sight.media(one, baseline) for one in looks if one.role not in sight.FULL)
        self.all = self.full + self.small
        self.listed = listed or any(sight.media(one) == "alive" for one in observation.media if one.role == "search")
        self.control = sight.control_ok(observation, walls_before)
        self.returned = _was_gone(self.history)

    def say(
        self,
        row: int,
        state: State,
        reason: str,
        wait: timedelta,
        part: Part = "",
        moved_to: str = "",
        **more: str | int,
    ) -> Verdict:
        facts: dict[str, str | int | bool | list[str]] = {
            "page": self.page,
            "agents": [f"{agent}: {kind}" for agent, kind in self.agents.items()],
            "media": [f"{kind}: {count}" for kind, count in sorted(self.all.items())],
            "control": self.control,
            "forwarded": self.page == "soft" and sight.forwarded(self.observation),
            "others": [str(kind) for kind in self.others],
            "places": [f"{name}: {kind}" for name, kind in self.places.items()],
            **more,
        }
        back = self.returned and (state in SEEN or bool(self.seen_from))
        return Verdict(row, state, reason, wait, facts, part, moved_to, back, self.control, 1 + len(self.counted))

    @property
    def counted(self) -> list[str]:
        """Ways out that saw the same absence."""
        return [name for name, kind in self.places.items() if kind == "absent"]

    @property
    def seen_from(self) -> list[str]:
        return [name for name, kind in self.places.items() if kind == "seen"]

    def present(self, row: int, reason: str, part: Part = "") -> Verdict:
        """Rows 2 and 3: it is there, or there again."""
        if self.returned:
            return self.say(row, "reappeared", f"{reason} It had been gone.", DAY, part)
        return self.say(row, "partial" if part else "live", reason, DAY, part)


def _sighted(look: _Look) -> Verdict | None:
    """Rows 2 to 6 and 0: something of the target was seen. Needs no control: what is seen is there."""
    if look.full["alive"]:
        if look.page in sight.ABSENT and not sight.disagree(look.agents):
            return look.present(3, "The page is gone, but the picture itself is still served.", "media")
        return look.present(2, "The picture is still served.")
    if look.page == "moved":
        to = next(one.facts.final_url for one in look.observation.pages.values() if one.serves_target)
        reason = "The page forwards to another address, where the picture stands."
        return look.say(6, "moved", reason, timedelta(0), moved_to=to)
    if "served" in look.others or "moved" in look.others:
        return look.present(2, "Another address of this page still shows the picture.")
    partly = look.small["alive"] or look.all["cached"]
    urls = look.baseline.media_urls if look.baseline else []
    if look.page == "served" and not (partly and sight.explained(look.observation, urls)) and not _split(look):
        return look.present(2, "The page still shows the picture.")
    if _split(look):
        return look.say(0, "conflict", "The site shows a page to one kind of visitor and none to another.", DAY)
    if look.small["alive"]:
        return look.say(4, "partial", "The picture is gone, a small version of it is still served.", DAY, "thumbnail")
    if look.all["cached"]:
        reason = "The site has removed it; a network in front of it still serves its own copy."
        return look.say(5, "partial", reason, 12 * HOUR, "cdn-cache")
    return None


def _split(look: _Look) -> bool:
    return sight.disagree(look.agents)


def _hidden(look: _Look) -> Verdict | None:
    """Rows 1 and 8 to 13: something stands between us and an answer."""
    look.page = min([look.page, *(kind for kind in look.others if kind in sight.HIDING)], key=sight.OBSTACLES.index)
    if look.seen_from:
        return _seen_elsewhere(look)
    if not look.observation.elsewhere_ok or look.page == "infra" or look.all["infra"]:
        return _unknown(look, "Our own connection or the name service failed; nothing can be said.")
    if look.page == "geo" or look.all["geo"]:
        return look.say(10, "geo-blocked", "It is hidden from visitors of our country only.", 3 * DAY)
    if "geo" in look.places.values():
        return look.say(10, "geo-blocked", f"It is hidden by country {_from(look, 'geo')}.", 3 * DAY)
    if look.page == "blocked" or look.all["blocked"]:
        return look.say(9, "bot-blocked", "The site takes us for a robot; a person should look.", DAY)
    if look.page == "gated" or look.all["gated"]:
        return look.say(8, "gated", "It is behind a door (sign-in, age, payment); that is no removal.", 2 * DAY)
    if look.page == "no-domain" or look.all["no-domain"] or (sight.held(look.observation) and look.page != "live"):
        wait = DAY if _row(look, 11) < 7 else 7 * DAY
        return look.say(11, "suspended", "The domain no longer leads anywhere; it can come back.", wait)
    if look.page == "suspended":
        wait = DAY if _row(look, 12) < 14 else 7 * DAY
        return look.say(12, "suspended", "The host has switched the site off, or the domain is parked.", wait)
    if look.page == "unreachable" or look.all["unreachable"]:
        return _unreachable(look)
    if look.page == "unseen":
        return _unknown(look, "Not all of the page could be seen: its scripts write it, or it shows too much.")
    if look.all["near"]:
        return look.say(0, "conflict", "Another picture stands there that resembles it; a person should look.", DAY)
    if look.all["unlike"]:
        reason = "Another picture stands at its address; whether it is a part of hers could not be compared."
        return look.say(0, "conflict", reason, DAY)
    if look.all["unread"]:
        return _unknown(look, "What stands there could not be read.")
    if sight.uncompared(look.observation):
        return _unknown(look, "The page shows a video that could not be compared with hers; it may be the same.")
    if look.page == "elsewhere":
        return look.say(6, "conflict", "The page forwards to another site; a person should look there.", DAY)
    if "differs" in look.places.values():
        reason = f"The page is gone here, and a page stands there as seen {_from(look, 'differs')}."
        return look.say(0, "conflict", reason, DAY)
    return None


def _seen_elsewhere(look: _Look) -> Verdict:
    """Another way out was shown it. Where we are told that there is nothing, that is hiding by country (row 10); where
    we could not see, it is simply there (row 2)."""
    told = _from(look, "seen")
    if look.returned:
        return look.say(10, "reappeared", f"It is served again, as seen {told}. It had been gone.", DAY)
    if look.page in sight.HIDING - {"geo"}:
        return look.present(2, f"It is still served, as seen {told}.")
    return look.say(10, "geo-blocked", f"It is hidden from here only: it is still served, as seen {told}.", 3 * DAY)


def _from(look: _Look, kind: str) -> str:
    return "from " + " and ".join(name for name, one in look.places.items() if one == kind)


def _absent(look: _Look) -> Verdict:
    """Rows 14 to 17, or 1 where there is no positive control or not everything was looked at."""
    if not look.control:
        return _unknown(look, "It was not found, but no other page of the site could be seen to work.")
    if look.page == "soft" and not sight.said_so(look.observation) and not sight.telling_control(look.observation):
        return _unknown(look, "It looks like any page that never was; no other page of its kind was seen to work.")
    if not look.all and look.baseline is not None and look.baseline.media_urls:
        return _unknown(look, "The page was looked at, the picture's own address was not.")
    if look.page == "live":
        replaced = _replaced(look)
        if replaced is not None:
            return replaced
    if look.listed:
        return look.say(17, "delisting-pending", "It is gone; a search engine still lists it.", 2 * DAY)
    streak = _streak(look.history)
    first = streak[0].at if streak else look.now
    checks = len(streak) + 1
    how = {"soft": "forwarded or not-found page", "live": "replaced"}.get(look.page, "not found")
    if checks >= CONFIRM_CHECKS and look.now - first >= CONFIRM_SPAN:
        days = (look.now - first) // DAY
        whom = _as_whom(look, streak)
        reason = f"Not found in {checks} checks over {days} days, {whom}; the site itself worked each time."
        since = next((one.at for one in streak if one.state == "gone-confirmed"), look.now)
        return look.say(
            15, "gone-confirmed", reason, _next(since, look.now, AFTER_CONFIRMED, 180 * DAY), how=how, checks=checks
        )
    wait = _next(first, look.now, AFTER_PROVISIONAL, DAY)
    if look.page == "live":
        reason = f"The page shows other content now (check {checks}); not yet certain."
        return look.say(16, "content-replaced", reason, wait, how=how, checks=checks)
    reason = f"Not found (check {checks}); the site itself worked. Not yet certain."
    return look.say(14, "gone-provisional", reason, wait, how=how, checks=checks)


def _as_whom(look: _Look, streak: list[PastCheck]) -> str:
    """As how many kinds of visitor, and from how many places in every one of the checks. From one place alone it cannot
    be told whether it is hidden from that place only: the claim says so."""
    views = f"as {max(len(look.agents), 1)} kinds of visitor"
    places = min([1 + len(look.counted), *(one.places for one in streak)])
    if places > 1:
        return f"{views}, from {places} places (here and {', '.join(look.counted)})"
    return f"{views}, from one place only"


def _replaced(look: _Look) -> Verdict | None:
    """Row 16, where it is not to be counted as gone: the text stayed, or could not be compared."""
    similar = max(one.similar_baseline for one in look.observation.pages.values())
    if similar < 0:
        reason = "The picture is gone from the page; whether the text still names her could not be compared."
        return look.say(16, "conflict", reason, DAY)
    if similar >= sight.SAME_TEXT:
        reason = "The picture is gone, the page with its text is still there."
        return look.say(16, "partial", reason, DAY, "identifying-text")
    return None


def _unknown(look: _Look, reason: str) -> Verdict:
    """Row 1: a quarter of an hour, doubled with each unknown in a row, at most a day."""
    failures = 0
    for past in reversed(look.history):
        if past.state != "unknown":
            break
        failures += 1
    return look.say(1, "unknown", reason, min(timedelta(minutes=15) * 2 ** min(failures, 10), DAY))


def _unreachable(look: _Look) -> Verdict:
    """Row 13 once it was so in three checks over two days; until then nothing is known, still counted as row 13."""
    streak: list[PastCheck] = []
    for past in reversed(look.history):
        if past.row != 13:
            break
        streak.append(past)
    if len(streak) + 1 >= UNREACHABLE_CHECKS and look.now - streak[-1].at >= UNREACHABLE_SPAN:
        return look.say(13, "unreachable", "The site does not answer, other sites do. That is no removal.", DAY)
    wait = min(timedelta(minutes=15) * 4 ** min(len(streak), 5), 12 * HOUR)
    return look.say(13, "unknown", "The site does not answer; too early to say more.", wait)


def _streak(history: list[PastCheck]) -> list[PastCheck]:
    """The latest checks in a row that found it gone with a control, oldest first; unknown ones are passed over."""
    streak: list[PastCheck] = []
    for past in reversed(history):
        if past.state == "unknown":
            continue
        if past.state not in GONE or not past.control_ok:
            break
        streak.append(past)
    return streak[::-1]


def _was_gone(history: list[PastCheck]) -> bool:
    """It was gone for good after it was last seen."""
    for number in range(len(history), 0, -1):
        past = history[number - 1]
        if past.state in SEEN:
            return False
        if past.state == "gone-confirmed":
            return True
        streak = _streak(history[:number]) if past.state == "delisting-pending" else []
        if len(streak) >= CONFIRM_CHECKS and streak[-1].at - streak[0].at >= CONFIRM_SPAN:
            return True
    return False


def _row(look: _Look, row: int) -> int:
    """How many of the latest checks in a row gave ``row``."""
    count = 0
    for past in reversed(look.history):
        if past.row != row:
            break
        count += 1
    return count


def _next(since: datetime, now: datetime, marks: tuple[timedelta, ...], then: timedelta) -> timedelta:
    """Until the next mark after ``since``; when all have passed, ``then``."""
    passed = now - since
    return next((mark - passed for mark in marks if mark > passed), then)
