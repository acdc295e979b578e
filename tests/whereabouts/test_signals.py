"""What a page gives away, and that no page makes the reading fail."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from efface.whereabouts import signals
from efface.whereabouts.mirrors.kinds import KINDS
from efface.whereabouts.model import Contact, Dossier, Party

PAGE = b"""<html><head><meta name="google-site-verification" content="abcdef123456">
<link rel="canonical" href="https://origin-lake.example/a"><script src="https://x.example/gtag/js?id=G-ABC123DEF4"></script>
<script>ga('create','UA-1234567-2');ym(45678901,'init');</script><script data-zone-id="1234567"></script></head>
<body><a href="https://t.me/quiet_lake">tg</a><img src="https://cdn.pictures.example/albums/1.jpg">
0x52908400098527886E0F7030069857D2E4169EE7</body></html>"""


def test_a_page_gives_away_ids_contacts_and_links() -> None:
    found = {(one.kind, one.value) for one in signals.of_page("https://quiet-lake.example/", PAGE)}
    assert found == {
        ("ga", "G-ABC123DEF4"), ("ga", "UA-1234567"), ("yandex", "45678901"), ("adzone", "1234567"),
        ("verification", "google-site-verification:abcdef123456"), ("canonical", "origin-lake.example"),
        ("telegram", "quiet_lake"), ("imagehost", "cdn.pictures.example/albums"),
        ("wallet", "0x52908400098527886E0F7030069857D2E4169EE7"),
    }  # fmt: skip


def test_only_accounts_of_its_own_count_in_ads_txt() -> None:
    text = "# mine\nads.example, 123, DIRECT, f0\nother.example, 9, RESELLER\nnonsense"
    assert signals.of_ads_txt(text) == [signals.Signal("seller", "ads.example,123")]


def test_a_machine_behind_a_cdn_is_the_cdns() -> None:
    party = Party("operator", "operator:a.example", contacts=[Contact("email", "A@a.example", "page-abuse")])
    plain = Dossier("", "a.example", "a.example", ["198.51.100.1"], parties=[party])
    hidden = Dossier("", "a.example", "a.example", ["198.51.100.1"], behind_cdn="somebody")
    assert {one.kind for one in signals.of_dossier(plain)} == {"ip", "email"}
    assert signals.of_dossier(hidden) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000), st.text(max_size=60))
def test_no_page_makes_it_fail(body: bytes, url: str) -> None:
    for page in (body, PAGE[: len(body)] + body, b"<div class='a'>" * 3000 + body):
        for one in signals.of_page(url, page):
            assert one.kind in KINDS and len(one.value) <= 300
