"""Rows go in at once, and it is told which were new."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.engine.base import statements
from efface.engine.base.statements import insert
from efface.net.protocol import MediaRef, Picture
from efface.search import frontier, lore, media
from efface.search.media import Met
from efface.search.models import Frontier, Media, SiteLore
from efface.sites import registry
from efface.sites.models import Evidence

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


def test_rows_are_changed_but_for_those_that_must_not_be(now: datetime) -> None:
    site = registry.register("http://quiet-lake.example/", now)
    one, other = (_page(site.pk, number, now) for number in (1, 2))
    frontier.stop(bytes(other.digest))
    later = now + timedelta(hours=1)
    values = {"visited_at": later, "status": 200, "asked_at": None}
    assert statements.update(Frontier, [one.pk, other.pk], values, unless=("wall", "stopped")) == 1
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.visited_at, one.status, other.visited_at) == (later, 200, None)
    assert statements.update(Frontier, [one.pk, other.pk], {"status": 404}) == 2
    assert statements.update(Frontier, [], {"status": 404}) == statements.update(Frontier, [one.pk], {}) == 0


def test_what_is_there_is_renewed_where_that_is_wanted(now: datetime) -> None:
    site = registry.register("http://quiet-lake.example/", now)
    later = now + timedelta(days=1)

    def evidence(moment: datetime) -> Evidence:
        return Evidence(site=site, kind="page.phash", digest=b"d" * 8, first_seen=moment, last_seen=moment)

    unique = ("site", "kind", "digest", "album")
    assert insert([evidence(now)], unique=unique, renew="last_seen")
    assert insert([evidence(later)], unique=unique, renew="last_seen")
    row = Evidence.objects.get(site=site)
    assert (row.first_seen, row.last_seen) == (now, later)


def test_rows_that_are_read_are_as_django_reads_them(now: datetime) -> None:
    site = registry.register("http://quiet-lake.example/", now)
    for number in range(3):
        _page(site.pk, number, now)
    found = statements.read(Frontier, "WHERE site_id = %s ORDER BY id", [site.pk])
    same = list(Frontier.objects.filter(site=site).order_by("pk"))
    assert found == same
    for one, other in zip(found, same, strict=True):
        for field in Frontier._meta.concrete_fields:
            assert getattr(one, field.attname) == getattr(other, field.attname), field.name
    found[0].status = 200
    found[0].save(update_fields=["status"])
    assert Frontier.objects.get(pk=found[0].pk).status == 200


def test_what_waits_comes_in_its_order(now: datetime) -> None:
    site = registry.register("http://quiet-lake.example/", now)
    site.visits = 3
    hour = timedelta(hours=1)
    given = {
        "swept": {"priority": 36, "sweep": True},
        "new": {"priority": 50},
        "older": {"priority": 50, "due_at": now - hour},
        "pager": {"priority": 20},
        "later": {"due_at": now + hour},
        "always": {"due_at": now + hour, "priority": 10},
        "read": {"visit": 3},
        "stopped": {"wall": "stopped"},
        "asked": {"asked_at": now - timedelta(minutes=5), "priority": 60},
    }
    pages = {}
    for number, (name, values) in enumerate(given.items()):
        pages[name] = _page(site.pk, number, now)
        Frontier.objects.filter(pk=pages[name].pk).update(**values)

    def order(most: int = 60, **how: Any) -> list[str]:
        names = {row.pk: name for name, row in pages.items()}
        return [names[row.pk] for row in frontier.waiting(site, [pages["always"].pk], now, most=most, **how)]

    assert order() == ["always", "pager", "swept", "older", "new", "asked"]
    assert order(most=2) == ["always", "pager"]
    assert order(sweep_last=True) == ["always", "pager", "older", "new", "asked", "swept"]
    assert order(rests=hour) == ["always", "pager", "swept", "older", "new"]
    assert order(rests=timedelta(minutes=1))[-1] == "asked"


def _page(site: uuid.UUID, number: int, now: datetime) -> Frontier:
    row = Frontier(site_id=site, digest=bytes([number]) * 32, found_at=now, due_at=now)
    row.url = f"http://quiet-lake.example/v/{number}"
    row.save(force_insert=True)
    return row


def test_values_that_go_as_they_are_arrive_as_django_would_have_written_them(now: datetime) -> None:
    class Word(str):
        """Not exactly a string: it takes Django's way."""

    site = registry.register("http://quiet-lake.example/", now)
    row = Frontier(
        site_id=str(site.pk), digest=memoryview(b"m" * 32), depth=True, etag=Word("w"), found_at=now, due_at=now,
        sweep=1, shape=b"\x00\xff",
    )  # fmt: skip
    row.url = "http://quiet-lake.example/v/1"
    insert([row])
    found = Frontier.objects.get(pk=row.pk)
    assert (found.site_id, bytes(found.digest), found.depth, found.etag) == (site.pk, b"m" * 32, 1, "w")
    assert (found.due_at, found.sweep, bytes(found.shape), found.visited_at) == (now, True, b"\x00\xff", None)
    statements.update(Frontier, [row.pk], {"etag": Word("x"), "visited_at": now, "shape": b"", "sweep": False})
    found.refresh_from_db()
    assert (found.etag, found.visited_at, bytes(found.shape), found.sweep) == ("x", now, b"", False)


def test_thumbnails_that_are_better_known_now_are_written_at_once(now: datetime) -> None:
    rows = [_media(number, now) for number in range(3)]
    insert(rows)
    met = [
        Met(
            MediaRef(f"http://quiet-lake.example/{number}.jpg", "thumbnail"), str(number), b"", None, "", [], 0, True,
            picture=Picture(faces=number), listed=True, faces_seen=True, looked=number > 1, media=row.pk,
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip
    media.keep_closer(met)
    found = {row.pk: row for row in Media.objects.all()}
    assert [(found[row.pk].faces, found[row.pk].faces_seen, found[row.pk].looked) for row in rows] == [
        (0, True, False), (1, True, False), (2, True, True),
    ]  # fmt: skip


def test_what_was_inserted_is_changed_when_it_is_saved(now: datetime) -> None:
    site = registry.register("http://quiet-lake.example/", now)
    learned = lore.of(site.pk)
    learned.scripted = 3
    learned.save(update_fields=["scripted"])
    assert lore.of(site.pk).scripted == 3
    lost = SiteLore(site=site)
    assert insert([lost]) == set()
    assert lost._state.adding, "it is not there"
