"""Who decides may see a candidate's picture tiny, grey and blurred; every table that knows better refuses it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils.encoding import force_str

from efface.cases import consents
from efface.cases.models import Case, Fingerprint
from efface.engine.base import tenancy
from efface.net.client import FetcherUnavailable
from efface.net.preview import PreviewRefused, Shown
from efface.net.protocol import FetchFacts, Picture, Preview, PreviewRequest
from efface.search import deciding, frontier, previewing, stopping
from efface.search.models import Match, SiteStop
from efface.sites.models import Site
from tests.search.scene import sha_of
from tests.search.test_crawl import World
from tests.search.test_deciding import WHO, _enrolled, _match, world
from tests.search.test_stopping import OneBad

__all__ = ["world"]
pytestmark = pytest.mark.django_db
SHADES = bytes((7 * number) % 251 for number in range(48 * 64))


class Pictures:
    """Serves the shades of whatever is asked for; ``meanwhile`` happens while it does."""

    def __init__(self, name: str = "a") -> None:
        self.name, self.asked = name, []  # type: tuple[str, list[PreviewRequest]]
        self.meanwhile: Callable[[], Any] = lambda: None

    def preview(self, request: PreviewRequest) -> Preview:
        self.asked.append(request)
        self.meanwhile()
        grey = base64.b64encode(SHADES).decode()
        return Preview(FetchFacts(request.url, request.url, 200), Picture(sha_of(self.name), "b" * 32), 64, 48, grey)


@pytest.fixture
def met(world: World, organisation: Any) -> Iterator[World]:
    """A copy of her picture stands at /v/1, her face on another picture at /v/2."""
    _enrolled(world, organisation)
    world.visit()
    with tenancy.organisation(organisation.pk):
        yield world


def show(met: World, path: str = "/v/1", source: Any = None, known: Any = None, count: Any = None) -> Shown:
    match = Match.objects.select_related("case", "sighting__site", "sighting__media").get(pk=_match(path).pk)
    return previewing.show(match, source or Pictures(), count or (lambda: True), known, met.now)


def reason(met: World, path: str = "/v/1", **other: Any) -> str:
    source = other.pop("source", None) or Pictures()
    with pytest.raises(PreviewRefused) as refused:
        show(met, path, source, **other)
    assert force_str(previewing.WORDS[refused.value.reason])
    return refused.value.reason


def test_a_copy_of_a_picture_she_declared_is_shown(met: World) -> None:
    source = Pictures()
    shown = show(met, source=source)
    assert (shown.width, shown.height) == (64, 48) and shown.png.startswith(b"\x89PNG")
    (asked,) = source.asked
    assert asked.url == "http://quiet-lake.example/m/1.jpg" and asked.sha256 == sha_of("a") and asked.pdq
    assert asked.referer == "http://quiet-lake.example/v/1"


def test_a_face_on_another_picture_is_not_for_nobody_knows_how_old_she_is_there(met: World) -> None:
    source = Pictures("her face")
    assert reason(met, "/v/2", source=source) == "age" and not source.asked


@pytest.mark.parametrize(("age", "word"), [("minor", "minor"), ("unknown", "age")])
def test_nor_is_anything_of_a_case_of_a_minor_or_of_an_unknown_age(met: World, age: str, word: str) -> None:
    Case.objects.update(age=age)
    assert reason(met) == word


@pytest.mark.parametrize(("age", "word"), [("minor", "minor"), ("unknown", "age")])
def test_nor_a_copy_of_a_picture_of_that_age(met: World, age: str, word: str) -> None:
    Fingerprint.objects.update(age=age)
    assert reason(met) == word


def test_what_was_confirmed_is_never_shown_again_there_or_elsewhere(met: World) -> None:
    deciding.confirm(_match("/v/1"), WHO, "picture match", met.now)
    source = Pictures()
    assert reason(met, source=source) == "confirmed"
    Match.objects.filter(pk=_match("/v/1").pk).update(state=Match.State.CANDIDATE)
    assert reason(met, source=source) == "confirmed", "the same picture, met at another place"
    assert not source.asked


def test_what_was_decided_or_may_not_be_used_is_not_shown(met: World) -> None:
    deciding.reject(_match("/v/1"), WHO, "not hers", met.now)
    assert reason(met) == "decided"
    Match.objects.update(state=Match.State.CANDIDATE)
    consents.withdraw(Case.objects.get(), "hash_match", "survivor", met.now)
    assert reason(met) == "decided"


@pytest.mark.parametrize("how", ["state", "word", "page", "merged"])
def test_nothing_of_a_suspected_site_or_page_is_shown(met: World, how: str) -> None:
    if how == "state":
        Site.objects.update(state=Site.State.STOPPED)
    elif how == "word":
        SiteStop.objects.create(site=met.site, at=met.now, how="person", by="lead:1", before="active")
    elif how == "page":
        frontier.stop(bytes(_match("/v/1").page_digest))
    else:
        head = Site.objects.create(domain="head.example", start_url="http://head.example/", added_at=met.now,
                                   state=Site.State.STOPPED)  # fmt: skip
        Site.objects.filter(pk=met.site.pk).update(merged=head)
    source = Pictures()
    assert reason(met, source=source) == "suspected" and not source.asked


def test_a_false_alarm_that_is_over_refuses_nothing(met: World) -> None:
    SiteStop.objects.create(site=met.site, at=met.now, how="person", by="lead:1", before="active", state="false")
    assert show(met).png


def test_what_a_list_knows_is_not_even_fetched_and_its_site_is_stopped(met: World) -> None:
    source = Pictures()
    assert reason(met, source=source, known=OneBad("a")) == "suspected"
    assert not source.asked and Site.objects.get(pk=met.site.pk).state == Site.State.STOPPED
    assert SiteStop.objects.get().how == "list" and not Match.objects.exists()


def test_nor_shown_where_only_what_is_served_now_is_on_it(met: World) -> None:
    assert reason(met, source=Pictures("bad"), known=OneBad("bad")) == "suspected"
    assert Site.objects.get(pk=met.site.pk).state == Site.State.STOPPED


def test_while_the_list_cannot_be_asked_nothing_is_shown(met: World) -> None:
    known = OneBad()
    known.away = True
    source = Pictures()
    assert reason(met, source=source, known=known) == "unchecked" and not source.asked


def test_a_site_stopped_while_the_picture_is_fetched_shows_nothing(met: World) -> None:
    source = Pictures()
    cause = stopping.Cause("person", (), WHO, None)
    source.meanwhile = lambda: stopping.stop(met.site, cause, [], met.now)
    assert reason(met, source=source) == "suspected"


def test_a_used_up_shift_and_a_counter_that_fails_show_nothing(met: World) -> None:
    source = Pictures()
    assert reason(met, source=source, count=lambda: False) == "budget" and not source.asked


def test_a_fetcher_that_is_away_is_told_apart_from_a_refusal(met: World) -> None:
    class Away:
        def preview(self, request: PreviewRequest) -> Preview:
            raise FetcherUnavailable("away")

    with pytest.raises(FetcherUnavailable):
        show(met, source=Away())


def test_no_row_and_no_log_has_it(met: World, caplog: pytest.LogCaptureFixture, tmp_path: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        shown = show(met)
    needles = [SHADES[:24].hex(), base64.b64encode(SHADES[:24]).decode(), shown.png[60:84].hex()]
    assert not any(one in caplog.text for one in needles)
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [table])
            if cursor.fetchone()[0]:
                cursor.execute(f'SELECT count(*) FROM "{table}" AS one WHERE one::text ~ %s', ["|".join(needles[::2])])
                assert cursor.fetchone()[0] == 0, table


def test_every_refusal_has_words() -> None:
    from typing import get_args

    from efface.net.preview import Reason

    assert set(previewing.WORDS) == set(get_args(Reason))
