"""Looks at a picture: counted, with pauses and an end."""

from __future__ import annotations

import sys
import types
from datetime import timedelta
from typing import Any

import pytest

from efface.console import revealing
from efface.console.models import Look
from efface.engine.base import clock, tenancy
from efface.search.models import Match
from efface.takedown.figures.exposure import Looks
from tests import people
from tests.console.desks import member_of

pytestmark = pytest.mark.django_db


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Shown:
    png = b"\x89PNG tiny"
    headers = {"Content-Type": "image/png", "Cache-Control": "no-store"}


@pytest.fixture
def previews(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The room that shows pictures, with its promise kept in small: refuses what was confirmed, asks ``count``."""
    module = types.ModuleType("efface.search.previewing")

    def show(match: Any, source: Any, count: Any, known: Any, now: Any) -> Any:
        if match.state == "confirmed":
            raise _Refused("confirmed")
        if not count():
            raise _Refused("budget")
        return _Shown()

    module.show, module.PreviewRefused = show, _Refused  # type: ignore[attr-defined]
    module.WORDS = {"confirmed": "Nobody has to see it again.", "budget": "Enough for this shift."}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "efface.search.previewing", module)
    return module


def test_looks_are_counted_have_pauses_and_an_end(
    organisation: Any, case: Any, first: Any, previews: Any, now: Any
) -> None:
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case, strong=False, score=29)
        revealing.set_rule(member_of(first), 3, 2, 10, now)
    client, url = people.signed_in(first), f"/console/look/{match.pk}/"
    page = client.get(f"/console/decision/match/{match.pk}/").content.decode()
    assert "Hold to look" in page and "<img" not in page and "3 looks left" in page
    assert client.get(url).status_code == 405
    answer = client.post(url)
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and answer.content == _Shown.png
    assert client.post(url).status_code == 200
    paused = client.post(url)
    assert paused.status_code == 409 and b"short pause" in paused.content
    with clock.fixed(now + timedelta(minutes=10)):
        assert client.post(url).status_code == 200
        ended = client.post(url)
        assert ended.status_code == 409 and b"Enough for this shift" in ended.content
        assert "looked at enough" in client.get(f"/console/decision/match/{match.pk}/").content.decode()
    with tenancy.organisation(organisation.pk):
        assert Look.objects.filter(member=member_of(first)).count() == 3
        assert revealing.budget(member_of(first), now + timedelta(days=1)).used == 0, "a new shift"
        assert revealing.looks_of(organisation.pk, now, now + timedelta(days=1)) == Looks(3, 1, 1)
        Match.objects.filter(pk=match.pk).update(state="confirmed")
    with clock.fixed(now + timedelta(days=1)):
        assert b"Nobody has to see it again" in client.post(url).content
    other = people.signed_in(people.worker(people.make_organisation("Another Helpline"), "lead"))
    assert other.post(url).status_code == 409


def test_without_the_room_that_shows_pictures_none_is_offered(
    organisation: Any, case: Any, first: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revealing, "_previewing", lambda: None)
    with tenancy.organisation(organisation.pk):
        match = people.make_match(case, strong=False, score=29)
    client = people.signed_in(first)
    assert "Hold to look" not in client.get(f"/console/decision/match/{match.pk}/").content.decode()
    assert client.post(f"/console/look/{match.pk}/").status_code == 409


def test_a_pause_follows_looks_that_lie_close_together(now: Any) -> None:
    rule = revealing.Rule(looks=10, pause_after=3, pause=timedelta(minutes=10))
    close = [now - timedelta(minutes=n) for n in range(3)]
    assert revealing.judge(close, rule, now).until == now + rule.pause
    apart = [now, now - timedelta(minutes=1), now - timedelta(minutes=30)]
    assert revealing.judge(apart, rule, now).until is None
    assert revealing.judge([], rule, now).left == 10
