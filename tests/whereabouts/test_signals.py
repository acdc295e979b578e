"""What a page gives away, and that no page makes the reading fail."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.net.protocol import ProtocolError, WhereaboutsRequest, from_wire, to_wire
from efface.whereabouts import signals
from efface.whereabouts.lookup import find
from efface.whereabouts.mirrors.kinds import KINDS
from efface.whereabouts.model import Contact, Dossier, Party, Signal
from efface.whereabouts.transport import Answer, Certificate
from tests.whereabouts.fake import Fake

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
    assert signals.of_ads_txt(text) == [Signal("seller", "ads.example,123")]


def test_a_machine_behind_a_cdn_is_the_cdns() -> None:
    party = Party("operator", "operator:a.example", contacts=[Contact("email", "A@a.example", "page-abuse")])
    plain = Dossier("", "a.example", "a.example", ["198.51.100.1"], parties=[party])
    hidden = Dossier("", "a.example", "a.example", ["198.51.100.1"], behind_cdn="somebody")
    assert {one.kind for one in signals.of_dossier(plain)} == {"ip", "email"}
    assert signals.of_dossier(hidden) == []


FRONT = b"<a href='https://t.me/quiet_lake'>us</a><script>ga('create','UA-1234567-2')</script>"
CONTENT = b"<p>Write to her: https://t.me/her_own_name</p><script>ga('create','UA-7654321-2')</script>"
REGISTRAR = {"roles": ["registrar"], "handle": "9100", "vcardArray": ["vcard", [["fn", {}, "text", "Names Ltd"]]]}
DOMAIN = {
    "objectClassName": "domain", "entities": [REGISTRAR],
    "events": [{"eventAction": "registration", "eventDate": "2025-03-04T11:00:00Z"}],
}  # fmt: skip


def looked(refuse: list[str] | None = None, **pages: Answer) -> Dossier:
    html = {"content-type": "text/html"}
    site = "https://quiet-lake.com/"
    certificate = Certificate("", ("quiet-lake.com", "*.quiet-pond.com"))
    fake = Fake(
        records={("quiet-lake.com", "NS"): ["ns2.names.net.", "NS1.names.net."]},
        pages={
            site: Answer(200, site, html, FRONT, certificate=certificate),
            f"{site}v/1": Answer(200, f"{site}v/1", html, CONTENT, certificate=certificate),
            f"{site}ads.txt": Answer(200, f"{site}ads.txt", {"content-type": "text/plain"}, b"a.example, 123, DIRECT"),
            f"{site}favicon.ico": Answer(200, f"{site}favicon.ico", {"content-type": "image/x-icon"}, b"icon"),
            **{f"{site}{path}": page for path, page in pages.items()},
        },
        documents={"http://names.example/domain/quiet-lake.com": DOMAIN},
    )
    bootstrap = {"dns": {"services": [[["com"], ["http://names.example/"]]]}}
    return asyncio.run(find(WhereaboutsRequest(f"{site}v/1", [], refuse=refuse or []), fake, bootstrap, {}))


def test_a_look_up_brings_what_it_sees_on_the_way() -> None:
    found = looked().signals
    assert {one.kind for one in found} == {
        "ga", "telegram", "certificate", "seller", "favicon", "ns", "regday",
    }  # fmt: skip
    assert {one.value for one in found if one.kind == "telegram"} == {"quiet_lake"}, "names in content are not its own"
    assert Signal("ns", "ns1.names.net ns2.names.net") in found
    assert [one.value for one in found if one.kind == "regday"] == ["registrar:names-ltd 2025-03-04"]
    assert Signal("redirect", "quiet-pond.com") in looked(
        **{"": Answer(200, "https://quiet-pond.com/", {"content-type": "text/html"}, FRONT)}
    ).signals  # fmt: skip


def test_her_own_address_is_never_a_signal() -> None:
    refuse = [hashlib.sha256(b"quiet_lake").hexdigest()]
    assert not any(one.kind == "telegram" for one in looked(refuse).signals)


def test_signals_go_over_the_wire_and_back() -> None:
    dossier = looked()
    assert from_wire(Dossier, json.loads(json.dumps(to_wire(dossier)))) == dossier
    with pytest.raises(ProtocolError, match="value"):
        from_wire(Dossier, to_wire(dossier) | {"signals": [{"kind": "ga", "value": 7}]})


@given(st.lists(st.builds(Signal, st.sampled_from([*KINDS, "nonsense"]), st.text(max_size=400)), max_size=300))
def test_a_dossier_carries_few_signals_and_short_ones(found: list[Signal]) -> None:
    kept = signals.bounded(found)
    assert len(kept) <= signals.MOST_IN_ALL and all(0 < len(one.value) <= signals.LONGEST for one in kept)
    assert {KINDS[one.kind].family for one in kept} == {
        KINDS[one.kind].family for one in found if one.kind in KINDS and 0 < len(one.value) <= signals.LONGEST
    }, "no family crowds out another"


def test_addresses_and_names_are_shown_masked() -> None:
    shown = [signals.masked(Signal(*one)) for one in (
        ("email", "jo.somebody@mail-box.net"), ("telegram", "quiet_lake"), ("payment", "ko-fi.com/quietlake"),
        ("ga", "UA-1234567"), ("email", "nonsense"),
    )]  # fmt: skip
    assert shown == ["jo…@mail-box.net", "qui…", "ko-fi.com/qui…", "UA-1234567", "…"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000), st.text(max_size=60))
def test_no_page_makes_it_fail(body: bytes, url: str) -> None:
    for page in (body, PAGE[: len(body)] + body, b"<div class='a'>" * 3000 + body):
        for one in signals.of_page(url, page):
            assert one.kind in KINDS and len(one.value) <= 300


@pytest.mark.parametrize(
    ("signal", "shown"),
    [
        (Signal("imagehost", "cdn.pictures.example/subject-a"), "cdn.pictures.example/…"),
        (Signal("email", "subject.a@a.example"), "su…@a.example"),
        (Signal("email", "@a.example"), "…"),
        (Signal("telegram", "subject_a"), "sub…"),
        (Signal("wallet", "0x52908400098527886E0F7030069857D2E4169EE7"), "0x5…"),
        (Signal("ga", "UA-1234567"), "UA-1234567"),
    ],
)
def test_what_could_name_somebody_is_shown_by_its_beginning(signal: Signal, shown: str) -> None:
    assert signals.masked(signal) == shown
