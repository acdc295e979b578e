"""Whom a site names: hidden from machines, but never a honeypot, a vendor, or the depicted person."""

import base64
import codecs
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.whereabouts.decode import plausible
from efface.whereabouts.model import Contact
from efface.whereabouts.page import PageKind, kind_of, read

URL = "https://bad.example.net/contact"
DMCA = "dmca@example-site.net"


def contacts(html: str, kind: PageKind = "contact", url: str = "https://www.example-site.net/contact") -> list[Contact]:
    return read(url, html.encode(), "utf-8", kind).contacts


def values(html: str, kind: PageKind = "contact") -> list[str]:
    return [one.value for one in contacts(html, kind)]


def cfemail(value: str, key: int = 0x5A) -> str:
    return f"{key:02x}" + "".join(f"{ord(letter) ^ key:02x}" for letter in value)


HIDDEN_FROM_MACHINES = {
    "plain": f"write to {DMCA}.",
    "mailto": f"<a href='mailto:{DMCA}?subject=x'>mail us</a>",
    "mailto-percent": "<a href='mailto:dmca%40example-site.net'>mail us</a>",
    "entities": "".join(f"&#{ord(letter)};" for letter in DMCA),
    "hex-entities": "".join(f"&#x{ord(letter):x};" for letter in DMCA),
    "at-words": "write to dmca [at] example-site [dot] net. Thank you",
    "at-round": "write to dmca (at) example-site (dot) net",
    "at-curly": "write to dmca{at}example-site{dot}net",
    "at-caps": "write to dmca AT example-site DOT net",
    "at-only": "write to dmca [at] example-site.net.",
    "german": "dmca (ät) example-site (punkt) net",
    "russian": "пишите dmca [собака] example-site [точка] net",
    "spanish": "dmca [arroba] example-site [punto] net",
    "cfemail": f"<a class='__cf_email__' data-cfemail='{cfemail(DMCA)}'>[email protected]</a>",
    "cf-link": f"<a href='/cdn-cgi/l/email-protection#{cfemail(DMCA, 7)}'>mail</a>",
    "reversed": f"<span style='unicode-bidi: bidi-override; direction: rtl'>{DMCA[::-1]}</span>",
    "script": "<script>document.write('<a href=\"mailto:' + 'dmca' + '@' + 'example-site' + '.net' + '\">')</script>",
    "base64": f"<span data-mail='{base64.b64encode(DMCA.encode()).decode()}'>mail</span>",
    "rot13": f"<span data-rot13='{codecs.encode(DMCA, 'rot13')}'>mail</span>",
    "attribute": f"<button data-contact='{DMCA}'>mail</button>",
    "cf-own-key": f"<span data-cfemail='{cfemail(DMCA, 255)}'></span>",
    "bdo": f"<bdo dir=rtl>{DMCA[::-1]}</bdo>",
    "reversed-by-class": "<style>.r { direction: rtl; unicode-bidi: bidi-override }</style>"
    f"<i class=r>{DMCA[::-1]}</i>",
    "bidi-sign": f"\u202e{DMCA[::-1]}\u202c",
    "script-names": "<script>var a='dmca', b=\"example-site\"; var c=a+'@'+b+'.net'; x.innerHTML=c;</script>",
    "script-join": "<script>document.write(['dmca','@','example-site','.net'].join(''))</script>",
    "script-codes": f"<script>x.href='mailto:'+String.fromCharCode({','.join(str(ord(one)) for one in DMCA)})</script>",
    "script-atob": f"<script>x.innerHTML=atob('{base64.b64encode(DMCA.encode()).decode()}')</script>",
    "script-reverse": f"<script>x.textContent='{DMCA[::-1]}'.split('').reverse().join('')</script>",
    "script-rot13": "<script>function rot13(s){} x.innerHTML=rot13('" + codecs.encode(DMCA, "rot13") + "')</script>",
    "script-escapes": "<script>x.innerHTML='\\x64mca\\u0040example-site.net'</script>",
    "script-replace": "<script>x.innerHTML='dmca#example-site.net'.replace('#', '@')</script>",
    "script-in-link": "<a href=\"javascript:location.href='mailto:'+'dmca'+'@'+'example-site.net'\">mail</a>",
    "onclick": "<a onclick=\"location='mailto:dmca'+'@example-site.net'\">mail</a>",
    "microdata": f"<div itemscope><meta itemprop='email' content='{DMCA}'></div>",
    "split": "<span>dmca</span><span>@</span><span>example-site</span><span>.net</span>",
    "split-by-comment": "dmca<!-- no -->@example-<!-- bots -->site.net",
    "split-by-decoy": "dmca<span style='display:none'>nospam</span>@example-site.net",
    "css-before": "<style>.c::before { content: 'dmca@' }</style><b class='c'>example-site.net</b>",
    "css-attributes": "<style>.c:after { content: attr(data-u) '@' attr(data-d) }</style>"
    "<b class='c' data-u='dmca' data-d='example-site.net'></b>",
    "two-attributes": "<a data-user='dmca' data-domain='example-site.net'>mail</a>",
    "zero-width": "dmca\u200b@\u2060example-si\u00adte.net",
    "full-width": "dmca\uff20example-site\uff0enet",
    "nospam": "dmca@REMOVETHIS.example-site.net",
    "italian": "dmca chiocciola example-site punto net",
    "polish": "dmca [małpa] example-site [kropka] net",
    "czech": "dmca (zavináč) example-site (tečka) net",
    "hungarian": "dmca kukac example-site pont net",
    "japanese": "dmca（アット）example-site（ドット）net",
    "korean": "dmca [골뱅이] example-site [점] net",
    "turkish": "dmca et example-site nokta net",
    "json-ld": f'<script type="application/ld+json">{{"contactPoint": {{"email": "mailto:{DMCA}"}}}}</script>',
}


@pytest.mark.parametrize("how", HIDDEN_FROM_MACHINES)
def test_a_contact_is_read_however_it_is_written(how: str) -> None:
    html = f"<html><body><h1>Contact</h1><p>For removal of content {HIDDEN_FROM_MACHINES[how]}</p></body></html>"
    found = contacts(html)
    assert [one.value for one in found] == [DMCA]
    assert found[0].source == "page-contact" and found[0].source_url.endswith("/contact")
    assert 0.55 <= found[0].confidence <= 0.9
    expected = set() if how in ("plain", "entities", "hex-entities", "split-by-decoy") else {how.split("-")[0]}
    steps = {step.split("-")[0] for step in found[0].steps}
    assert bool(steps) == bool(expected)


NEVER = {
    "display": f"<div style='display:none'><a href='mailto:{DMCA}'>{DMCA}</a></div>",
    "display-spaced": f"<div style='color: red; DISPLAY : none'>{DMCA}</div>",
    "visibility": f"<p style='visibility: hidden'>{DMCA}</p>",
    "opacity": f"<p style='opacity: 0'>{DMCA}</p>",
    "off-screen": f"<p style='position:absolute; left:-9999px'>{DMCA}</p>",
    "tiny": f"<span style='font-size: 0'>{DMCA}</span>",
    "no-height": f"<div style='height:0;overflow:hidden'>{DMCA}</div>",
    "attribute": f"<p hidden>{DMCA}</p>",
    "aria": f"<p aria-hidden='true'>{DMCA}</p>",
    "class": f"<style>.x-trap, b {{ display: none }}</style><p class='x-trap'>{DMCA}</p>",
    "template": f"<template><p>{DMCA}</p></template>",
    "noscript": f"<noscript>{DMCA}</noscript>",
    "same-colour": f"<p style='color:#fff;background-color:#FFFFFF'>{DMCA}</p>",
    "ground-colour": "<style>body { background: #102030 } .t { color: rgb(16, 32, 48) }</style>"
    f"<p class='t'>{DMCA}</p>",
    "white-on-white": f"<p style='color: white'>{DMCA}</p>",
    "transparent": f"<p style='color: transparent'>{DMCA}</p>",
    "moved-away": f"<p style='position:absolute;transform:translateX(-9999px)'>{DMCA}</p>",
    "clipped": f"<p style='clip-path: inset(50%)'>{DMCA}</p>",
    "descendant": f"<style>#a .b {{ display: none }}</style><div id='a'><p class='b'>{DMCA}</p></div>",
    "known-class": f"<p class='sr-only'>{DMCA}</p>",
    "review": f"<div itemprop='review'>{DMCA}</div>",
    "quoted": f"<blockquote>{DMCA}</blockquote>",
    "script-data": "<script>window.state={user:'" + DMCA + "'}</script>",
    "json-ld-person": f'<script type="application/ld+json">{{"@type":"Person","email":"{DMCA}"}}</script>',
    "json-ld-comment": '<script type="application/ld+json">{"@type":"Organization","x":{"@type":"Comment",'
    f'"email":"{DMCA}"}}}}</script>',
    "look-alike": "<p>dmca@ex\u0430mple-site.net</p>",
    "html-comment": f"<!-- old contact: {DMCA} -->",
    "visitor-comment": f"<div class='comments'><p>write me at {DMCA}</p></div>",
    "vendor": "<p>Theme by our vendor, theme support: support@themes-company.net</p>",
    "powered": "<p>Powered by script@tube-script-shop.com</p>",
    "placeholder": "<input placeholder='you@example.com'> name@domain.com",
    "picture": "<img src='logo@2x.png'> see logo@2x.png",
    "noreply": "<p>Mail comes from noreply@example-site.net</p>",
    "no-domain": "<p>root@localhost, a@b, x@y..com</p>",
}


@pytest.mark.parametrize("what", NEVER)
def test_what_is_no_contact_is_never_picked(what: str) -> None:
    assert values(f"<html><body><h1>Contact</h1><p>Welcome.</p>{NEVER[what]}</body></html>") == []


def test_each_step_of_decoding_costs_a_tenth_and_is_told() -> None:
    plain, one, two = (
        contacts(f"<p>removal: {text}</p>")[0]
        for text in (DMCA, HIDDEN_FROM_MACHINES["cfemail"], HIDDEN_FROM_MACHINES["script-atob"])
    )
    assert (plain.steps, one.steps, two.steps) == ([], ["cfemail"], ["script", "base64"])
    assert round(plain.confidence - one.confidence, 3) == 0.1 and round(plain.confidence - two.confidence, 3) == 0.2


def test_a_domain_in_letters_of_its_own_is_written_as_it_goes_over_the_wire() -> None:
    found = contacts("<p>removal: abuse@b\u00fccher-bilder.net</p>", url="https://xn--bcher-bilder-dlb.net/contact")
    assert [(one.value, one.steps) for one in found] == [("abuse@xn--bcher-bilder-dlb.net", ["idn"])]


def test_words_in_the_next_line_are_not_about_the_address() -> None:
    html = f"<p>Removal requests: {DMCA}</p><p>Theme by our vendor, theme support: support@themes-company.net</p>"
    assert values(html) == [DMCA]


def test_arabic_and_hebrew_pages_are_not_turned_around() -> None:
    assert values(
        f"<html dir='rtl'><body dir='rtl'><p dir='rtl'>\u0644\u062d\u0630\u0641 report.{DMCA}</p></body></html>"
    ) == [f"report.{DMCA}"]


def test_addresses_in_content_are_not_contacts() -> None:
    hers = "<h2>Private</h2><p>Contact her directly: <a href='mailto:jo@mail-box.net'>jo@mail-box.net</a></p>"
    assert values(hers, "content") == []
    desk = hers + "<footer><p>DMCA and abuse: abuse@example-site.net</p></footer>"
    assert values(desk, "content") == ["abuse@example-site.net"]
    assert values("<p>Models: casting@example-site.net</p>", "front") == []
    assert values("<p>Report abuse: abuse@example-site.net</p>", "front") == ["abuse@example-site.net"]


def test_an_abuse_page_and_the_sites_own_domain_count_for_more() -> None:
    def worth(value: str, kind: PageKind) -> float:
        return contacts(f"<p>Report abuse to {value}</p>", kind)[0].confidence

    assert worth("team@example-site.net", "abuse") > worth("team@example-site.net", "contact")
    assert worth("team@example-site.net", "contact") > worth("team@elsewhere.net", "contact")
    assert worth("abuse@example-site.net", "contact") > worth("team@example-site.net", "contact")


def test_a_form_for_reports_is_a_contact_and_a_sign_in_or_search_is_not() -> None:
    form = "<h1>Report content</h1><form method=post><input name=url><textarea name=message></textarea></form>"
    found = contacts(form, "abuse", "https://www.example-site.net/report")
    assert [(one.channel, one.value) for one in found] == [("form", "https://www.example-site.net/report")]
    login = "<h1>Report</h1><form><input name=u><input type=password name=p><textarea name=x></textarea></form>"
    assert contacts(login, "abuse") == []
    assert contacts("<h1>Contact</h1><form><input name=q type=search></form>") == []
    assert contacts(form, "content") == []


def test_the_pages_worth_reading_are_those_of_the_same_site_abuse_first() -> None:
    html = (
        "<a href='/about'>About</a><a href='/contact?x=1#y'>Contact</a><a href='/p/1'>DMCA</a>"
        "<a href='//other.net/dmca'>DMCA</a>"
        "<a href='https://help.example-site.net/abuse'>x</a><a href='/v/2'>nice</a><a href='javascript:x'>abuse</a>"
        "<a href='/удалить'>Удалить</a><a href='mailto:a@b.net'>contact</a>"
    )
    links = read("https://www.example-site.net/", html.encode(), "", "front").links
    assert [kind for kind, _ in links] == sorted((kind for kind, _ in links), key=("abuse", "contact").index)
    paths = {url.partition("example-site.net")[2] for _, url in links}
    assert {"/contact", "/p/1", "/abuse", "/about"} <= paths and "/v/2" not in paths
    assert not any("other.net" in url or "javascript" in url for _, url in links)


@pytest.mark.parametrize(
    ("text", "paid"),
    [
        ("The fee for removal is $299 per picture, payable in crypto.", True),
        ("Removal requests are handled by our paid removal service only.", True),
        ("To remove your picture pay 300 USD.", True),
        ("Removal is free of charge, there is no fee for removal.", False),
        ("Report content for removal. We answer within two days.", False),
        ("Premium: remove ads for a small price.", False),
        ("Never pay anybody for a removal.", False),
    ],
)
def test_a_price_for_a_removal_is_a_sign(text: str, paid: bool) -> None:
    assert bool(read(URL, f"<p>{text}</p>".encode(), "utf-8", "contact").signs) is paid


def test_the_kinds_of_links() -> None:
    assert kind_of("https://a.net/dmca") == "abuse" and kind_of("https://a.net/x", "Impressum") == "contact"
    assert kind_of("https://a.net/v/1", "Nice") is None


def test_what_could_be_a_mailbox() -> None:
    assert plausible("abuse@example-site.co.uk")
    for value in ("a@co.uk", "a@b", "a@1.2.3.4", "x" * 300 + "@example-site.net", "foo@2x.png"):
        assert not plausible(value), value


@given(st.binary(max_size=3000), st.sampled_from(["", "utf-8", "latin-1", "nonsense", "utf-16"]))
def test_no_bytes_break_the_reading(body: bytes, charset: str) -> None:
    for kind in ("abuse", "content"):
        read(URL, body, charset, kind)


SOUP = (
    "<p>|</div>|<a href='mailto:|<style>|.a{display:none}|</style>|a@b.net| [at] |<form>|<textarea>|data-cfemail='5a'|"
    "<script>|'+'|</script>|<!--|\x00|'>"
)
pieces = st.lists(st.sampled_from(SOUP.split("|")), max_size=40)


@given(pieces)
def test_no_tag_soup_breaks_the_reading(parts: list[str]) -> None:
    read(URL, "".join(parts).encode(), "utf-8", "contact")


SLOW = {
    "deep": "<div>" * 100_000 + DMCA,
    "many": f"<a href='mailto:{DMCA}'>x</a>" * 20_000,
    "long-word": "a" * 900_000 + "@",
    "at-words": "[at]" * 200_000,
    "hidden": "<p style='display:none'>" * 20_000,
    "at-signs": "a@b" * 300_000,
    "rules": "<style>" + ".a{" * 100_000,
    "selectors": "<style>"
    + "".join(f".a{n}{{display:none}}" for n in range(10_000))
    + "</style>"
    + "<p class=a1>x" * 9_000,
    "prices": "removal fee " * 30_000,
    "data": "<p data-a='" + "A" * 399 + "'>" * 900,
}


@pytest.mark.parametrize("what", SLOW)
def test_a_page_made_to_be_slow_is_read_in_bounded_time(what: str) -> None:
    start = time.monotonic()
    read(URL, SLOW[what].encode(), "utf-8", "contact")
    assert time.monotonic() - start < 4.0


@pytest.mark.parametrize(
    ("href", "there"),
    [
        ("https://docs.google.com/forms/d/e/x/viewform", True),
        ("http://docs.google.com/forms/d/e/x/viewform", False),
        ("https://docs.google.com.evil.example/forms/d/e/x", False),
        ("https://evil.example/?to=https://docs.google.com/forms/d/e/x", False),
        ("https://docs.google.com@evil.example/forms/d", False),
        ("https://docs.google.com/document/d/1", False),
        ("https://[docs.google.com/forms", False),
    ],
)
def test_a_form_service_is_told_by_its_host(href: str, there: bool) -> None:
    link = f"<p>Report abuse: <a href='{href}'>report abuse here</a></p>"
    found = [one for one in contacts(link, "abuse") if one.channel == "form"]
    assert bool(found) is there, found
