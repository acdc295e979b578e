"""A list of sites is taken in once, whole or from where it was interrupted, in seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from efface.engine.base.models import Deadline
from efface.net.sitelist import parse
from efface.sites import importing, registry
from efface.sites.models import Site

pytestmark = pytest.mark.django_db
LIST = b"""url;type;behaviour;country
https://www.a.example/x;video;publishes notices;de
http://a.example/;tube;;
not an address;tube;;
b.example;unheard-of;PAYS-FOR-REMOVAL TRAP;Germany
127.0.0.1;tube;;
"""


def test_each_line_has_its_fate(now: datetime) -> None:
    registry.register("b.example", now)
    report = importing.take_in(parse(LIST), "lead:1", now)
    assert (report.added, report.known, report.doubles, report.bad) == (1, 1, 1, 2)
    assert [one.line for one in report.problems] == [4, 6]
    site = Site.objects.get(domain="a.example")
    assert (site.kind, site.hostility, site.country, site.origin, site.start_url) == (
        "tube", "publishes", "DE", "import", "https://www.a.example/",
    )  # fmt: skip
    assert Site.objects.get(domain="b.example").hostility == "unknown", "what is known is left as it is"


def test_a_dry_run_says_the_same_and_writes_nothing(now: datetime) -> None:
    dry = importing.take_in(parse(LIST), "lead:1", now, dry_run=True)
    assert not Site.objects.exists() and not Deadline.objects.exists()
    real = importing.take_in(parse(LIST), "lead:1", now)
    assert {**dry.as_dict(), "seconds": 0, "dry_run": 0} == {**real.as_dict(), "seconds": 0, "dry_run": 0}


def test_a_lookalike_is_shown_as_it_reads(now: datetime) -> None:
    report = importing.take_in(parse("pаypal.example\nplain.example".encode()), "lead:1", now)
    assert report.lookalikes == [("xn--pypal-4ve.example", "pаypal.example")]
    hidden = "a\u202eb".encode("punycode").decode()
    assert "\u202e" not in registry.reads_as(f"xn--{hidden}.example")


def test_an_interrupted_list_is_given_again(now: datetime, monkeypatch: Any) -> None:
    monkeypatch.setattr(importing, "PART", 10)
    found = parse(b"".join(b"s%d.example\n" % number for number in range(55)))

    def killed(done: int, _all: int) -> None:
        if done >= 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.take_in(found, "lead:1", now, progress=killed)
    assert Site.objects.count() == 30
    report = importing.take_in(found, "lead:1", now)
    assert (report.added, report.known) == (25, 30)
    assert Site.objects.count() == 55 == Deadline.objects.filter(kind=registry.VISIT).count()
    assert Deadline.objects.filter(kind=registry.LOOKUP).count() == 55


def test_five_thousand_sites_take_seconds_and_their_visits_are_spread(now: datetime) -> None:
    found = parse(b"url,type\n" + b"".join(b"https://site-%d.example/,tube\n" % number for number in range(5000)))
    report = importing.take_in(found, "lead:1", now)
    print(f"5,000 sites in {report.seconds:.2f} s")  # noqa: T201 - the figure is what this test is for
    assert report.added == 5000 and report.seconds < 30
    dues = list(Deadline.objects.filter(kind=registry.LOOKUP).order_by("due").values_list("due", flat=True))
    assert (dues[-1] - dues[0]).total_seconds() == 4999 * importing.BETWEEN.total_seconds()
