"""Stopping over real DNS, HTTP, the sandboxed decoder and the matcher's socket, in the testbed's hostile world: a
harmless page with phrases that an operator's file names, and a harmless picture on a list."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import clock
from efface.net.client import Fetcher, FetcherRefused
from efface.net.protocol import Limits, Scan, ScanRequest
from efface.search import crawl
from efface.search.crawl import Pace
from efface.search.models import Frontier, HotlineDraft, Media, Sighting, SiteStop
from efface.search.pages import Tools
from efface.search.suspicion import known, terms
from efface.search.suspicion.page import Suspicion
from efface.sites import registry, stopped
from efface.sites.models import Site
from testbed.model import parse_time
from tests.search.test_end_to_end import Outside, _matcher, outside  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
PACE = Pace(pages=20, step=20, delay_s=0.0, hours=24.0)


@pytest.fixture
def album(outside: Outside) -> tuple[Site, Scan]:  # noqa: F811
    """A site that can be read, and a page of it that shows pictures beside words."""
    now = parse_time(outside.world.start)
    for seed in outside.ready["seeds"]:
        site = registry.register(seed, now)
        front = outside.fetcher.scan(ScanRequest(site.start_url, media=False, limits=Limits(total_s=3)))
        for link in front.links[:6]:
            if registry.registered_domain(link.split("/")[2].partition(":")[0]) != site.domain:
                continue
            scan = outside.fetcher.scan(ScanRequest(link, limits=Limits(total_s=3)))
            readable = scan.facts.status == 200 and len(terms.words(scan.text)) > 20 and not scan.walls
            if readable and any(one.picture.pdq and one.ref.role == "media" for one in scan.media):
                return site, scan
    raise AssertionError("no album in this world")


def _crawl(outside: Outside, site: Site, suspicion: Suspicion) -> Fetcher:  # noqa: F811
    now = parse_time(outside.world.start)
    held = Fetcher(outside.fetcher.path, 60, avoid=stopped.domains)
    with _matcher(outside.folder, []) as matcher, clock.fixed(now):
        for _ in range(3):
            crawl.visit(site.pk, Tools(held, matcher, Limits(total_s=3), suspicion=suspicion), PACE, now)
    return held


def _is_stopped(site: Site, held: Fetcher, how: str) -> None:
    site.refresh_from_db()
    assert site.state == Site.State.STOPPED
    for rows in (Sighting.objects.filter(site=site), Frontier.objects.filter(site=site), Media.objects.all()):
        assert not rows.exists()
    assert SiteStop.objects.get().how == how
    assert len(HotlineDraft.objects.get().addresses) == 1
    with pytest.raises(FetcherRefused):
        held.scan(ScanRequest(site.start_url))


def test_a_page_with_coded_terms_stops_its_site(
    outside: Outside, album: tuple[Site, Scan], tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    site, scan = album
    said = terms.words(f"{scan.title}\n{scan.text}")
    first, second = " ".join(said[:4]), " ".join(said[-4:])
    path = tmp_path / "terms.yaml"
    path.write_text(f"- sha256: {terms.digest(first)}\n- sha256: {terms.digest(second)}\n")
    held = _crawl(outside, site, Suspicion(None, terms.read(str(path))))
    _is_stopped(site, held, "terms")


@pytest.mark.parametrize("kind", ["sha256", "md5", "pdq"])
def test_a_picture_on_the_list_stops_its_site(
    outside: Outside, album: tuple[Site, Scan], tmp_path: Path, monkeypatch: Any, kind: str  # noqa: F811
) -> None:  # fmt: skip
    site, scan = album
    shown = next(one.picture for one in scan.media if one.picture.pdq and one.ref.role == "media")
    path = tmp_path / "list.txt"
    digest = {"sha256": shown.sha256, "md5": shown.md5, "pdq": shown.pdq[0]}[kind]
    path.write_text(f"{kind} {digest}\n")
    monkeypatch.setenv("EFFACE_CHILD_LIST", str(path))
    known.forget_cache()
    with contextlib.ExitStack() as after:
        after.callback(known.forget_cache)
        _is_stopped(site, _crawl(outside, site, known.suspicion()), "list")


def test_without_either_the_site_is_read(outside: Outside, album: tuple[Site, Scan]) -> None:  # noqa: F811
    site, _scan = album
    _crawl(outside, site, Suspicion(None, terms.read()))
    site.refresh_from_db()
    assert site.state == Site.State.ACTIVE and Sighting.objects.filter(site=site).exists()
    assert not SiteStop.objects.exists()
