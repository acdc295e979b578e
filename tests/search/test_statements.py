"""Rows go in at once, and it is told which were new."""

from __future__ import annotations

from datetime import datetime

import pytest

from efface.engine.base import statements
from efface.engine.base.statements import insert
from efface.search import frontier
from efface.search.models import Frontier, Media
from efface.sites import registry

pytestmark = pytest.mark.django_db


def _media(number: int, now: datetime) -> Media:
    return Media(sha256=number.to_bytes(32, "big"), pdq=["0" * 64], first_seen=now, last_seen=now)


def test_what_is_there_stays_and_is_not_told(now: datetime) -> None:
    first = _media(1, now)
    assert insert([first]) == {first.pk}
    again, other = _media(1, now), _media(2, now)
    assert insert([again, other]) == {other.pk}
    assert set(Media.objects.values_list("pk", flat=True)) == {first.pk, other.pk}
    assert insert([]) == set()


def test_more_than_a_statement_holds_goes_in_parts(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST_VALUES", 40)
    rows = [_media(number, now) for number in range(20)]
    assert insert(rows) == {row.pk for row in rows}
    assert Media.objects.get(pk=rows[19].pk).pdq == ["0" * 64]


def test_sealed_fields_are_sealed(now: datetime) -> None:
    site = registry.register("http://quiet-lake.example/", now)
    row = Frontier(site_id=site.pk, digest=b"d" * 32, found_at=now, due_at=now)
    row.url = "http://quiet-lake.example/v/1"
    insert([row])
    assert Frontier.objects.get(pk=row.pk).url == "http://quiet-lake.example/v/1"
    assert not Frontier.objects.extra(where=["url LIKE '%%quiet%%'::bytea"]).exists()


def test_links_are_worked_out_once_a_visit_and_refusals_stay_refusals() -> None:
    linked = frontier.Linked("quiet-lake.example", frozenset({"ref"}))
    digest, url = linked.to("http://quiet-lake.example/v/1?ref=9")
    assert url == "http://quiet-lake.example/v/1"
    assert linked.to("http://quiet-lake.example/v/1?ref=9") == (digest, url)
    assert linked.to("http://elsewhere.example/v/1") == (b"", "")
    assert linked.to("http://quiet-lake.example/login") == (b"", "")
    assert linked.to("http://quiet-lake.example/more.json") == (b"", "")
    assert linked.to("http://quiet-lake.example/more.json", more=True)[1]
