"""A site is a registered domain: whatever was typed, the same site comes out, and it is visited at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from efface.engine.base.models import Deadline
from efface.sites import hostility, registry
from efface.sites.models import Site


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.quiet-lake.example", "quiet-lake.example"),
        ("A.B.Shop.CO.UK.", "shop.co.uk"),
        ("someone.blogspot.com", "someone.blogspot.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("co.uk", ""),
        ("localhost", ""),
        ("127.0.0.1", ""),
        ("2130706433", ""),
        ("0x7f.1", ""),
        ("[::1]", ""),
        ("a..example", ""),
        ("", ""),
        ("x" * 300 + ".example", ""),
    ],
)
def test_registered_domain(host: str, domain: str) -> None:
    assert registry.registered_domain(host) == domain


@pytest.mark.parametrize(
    "text", ["ftp://a.example/", "http://", "http://[::1/", "http://a.example:99999/", "com", "http://x"]
)
def test_what_is_no_site_is_refused_in_words(text: str) -> None:
    with pytest.raises(registry.NotASite):
        registry.parse(text)


@pytest.mark.django_db
def test_one_site_a_domain_visited_at_once(now: datetime) -> None:
    site = registry.register("http://www.quiet-lake.example/v/12?x=1", now)
    assert (site.domain, site.start_url) == ("quiet-lake.example", "http://www.quiet-lake.example/")
    deadline = Deadline.objects.get(kind=registry.VISIT)
    assert (deadline.subject, deadline.due, deadline.organisation_id) == (site.pk, now, None)
    Deadline.objects.filter(pk=deadline.pk).update(due=now + timedelta(days=3))
    assert registry.register("quiet-lake.example", now).pk == site.pk
    assert Deadline.objects.get(kind=registry.VISIT).due == now + timedelta(days=3)
    assert registry.find("https://m.quiet-lake.example/") == site
    assert registry.find("http://127.0.0.1/") is None


@pytest.mark.django_db
def test_a_paused_site_has_no_visit_until_it_is_resumed(now: datetime) -> None:
    site = registry.register("quiet-lake.example", now)
    registry.pause(site)
    assert Deadline.objects.get(subject=site.pk, kind=registry.VISIT).state == "cancelled"
    registry.resume(Site.objects.get(), now)
    assert Deadline.objects.get(subject=site.pk, kind=registry.VISIT).state == "waiting"


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Use our paid removal service. The fee for removal is $299 per picture.", True),
        ("No payment, no removal. Send 0.02 BTC to the wallet below.", True),
        ("Löschgebühr: 200 € je Bild", True),
        ("To report content write to abuse@a.example. Removal is free.", False),
        ("Never fall for paid removal: real sites remove for nothing.", False),
        ("Bitcoin prices fell today.", False),
    ],
)
def test_an_offer_of_removal_for_money_is_recognised(text: str, asks: bool) -> None:
    assert bool(hostility.asks_money(text)) is asks


@pytest.mark.django_db
def test_a_persons_word_on_hostility_stands(now: datetime) -> None:
    site = registry.register("quiet-lake.example", now)
    assert hostility.judge(site, "Paid removal: $299 per picture")
    assert Site.objects.get().hostility == "extortionate"
    hostility.declare(site, "cooperative", "spoke to them", "coordinator:1", now)
    assert not hostility.judge(Site.objects.get(), "Paid removal: $299 per picture")
    assert Site.objects.get().hostility == "cooperative"
