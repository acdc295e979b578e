"""The removal chain as a graph: who leads to whom and why, and who is only shown beside it."""

import hashlib
from typing import Any

from efface.net.protocol import DesignatedAgent, WhereaboutsRequest
from efface.whereabouts.lookup import find
from efface.whereabouts.model import Dossier, Link, Party
from efface.whereabouts.transport import Answer, Certificate
from tests.whereabouts.fake import Fake
from tests.whereabouts.test_lookup import BOOTSTRAP, PAGE, asyncio, look, network, world

EMBED = "<iframe src='https://player.video-host.com/embed/9' allowfullscreen></iframe>"


def ask(fake: Fake, url: str = PAGE, **more: Any) -> Dossier:
    return asyncio.run(find(WhereaboutsRequest(url, **more), fake, BOOTSTRAP, {}))


def party(dossier: Dossier, key: str) -> Party:
    return next(one for one in [*dossier.parties, *dossier.beside] if one.key == key)


def edges(dossier: Dossier) -> set[tuple[str, str]]:
    return {(one.source, one.target) for one in dossier.links}


def test_every_edge_has_its_reason_and_leads_from_something_known_to_something_known() -> None:
    found = ask(world(), media_urls=["http://img.bad-pictures.com/1.jpg"])
    nodes = {"page", *(f"name:{one}" for one in ("www.bad-site.com", "bad-site.com", "img.bad-pictures.com"))}
    nodes |= {one.key for one in found.parties}
    assert all(one.why and one.source in nodes and one.target in nodes for one in found.links), found.links
    assert {
        ("page", "name:www.bad-site.com"),
        ("page", "name:img.bad-pictures.com"),
        ("name:img.bad-pictures.com", "host:AS64500"),
        ("host:AS64500", "upstream:AS64501"),
        ("name:bad-site.com", "registrar:9100"),
        ("page", "operator:bad-site.com"),
        ("name:bad-site.com", "dns:host-company.com"),
        ("page", "search:google"),
    } <= edges(found)
    reached = {one.target for one in found.links}
    assert {one.key for one in found.parties} <= reached
    assert Link("page", "name:img.bad-pictures.com", "media of the finding stand there") in found.links


def test_who_runs_names_and_mail_is_told_and_holds_no_content() -> None:
    fake = world()
    fake.records[("bad-site.com", "MX")] = ["10 mx.mail-company.com.", "5 alt.mail-company.com."]
    fake.records[("bad-site.com", "SOA")] = ["ns1.host-company.com. hostmaster.host-company.com. 1 2 3 4 5"]
    found = ask(fake)
    dns, mail = party(found, "dns:host-company.com"), party(found, "mail:mail-company.com")
    assert (dns.role, mail.role, mail.covers) == ("isp", "isp", []) and mail.reasons == [
        "its mail is taken there: alt.mail-company.com"
    ]
    assert [(one.value, one.confidence) for one in dns.contacts] == [("hostmaster@host-company.com", 0.05)]
    fake.records[("bad-site.com", "MX")] = ["0 ."]
    assert not any(one.key.startswith("mail:") for one in ask(fake).parties)


def test_an_embed_is_a_host_only_where_the_finding_has_no_media_of_its_own() -> None:
    fake = world()
    fake.pages[PAGE] = EMBED + "<a href='/contact'>Contact</a>"
    fake.records[("player.video-host.com", "A")] = ["28.2.2.2"]
    fake.documents["http://numbers.example/ip/28.2.2.2"] = network("Video Host", "abuse@video-host.com", 64502)
    alone = ask(fake)
    assert party(alone, "host:AS64502").covers == ["player.video-host.com"] and alone.beside == []
    other = ask(fake, media_urls=["http://img.bad-pictures.com/1.jpg"])
    assert [one.key for one in other.beside] == ["host:AS64502"]
    assert "host:AS64502" not in {one.key for one in other.parties}
    small = EMBED.replace("allowfullscreen", "width=1 height=1")
    fake.pages[PAGE] = small
    assert not any(one.key == "host:AS64502" for one in ask(fake).parties), "a frame nobody sees shows no media"


def behind_a_cdn() -> Fake:
    fake = world()
    fake.records |= {
        ("www.bad-site.com", "A"): ["104.16.1.1"],
        ("bad-site.com", "MX"): ["10 mail.bad-site.com."],
        ("mail.bad-site.com", "A"): ["28.1.1.1"],
        ("bad-site.com", "TXT"): ["v=spf1 ip4:28.1.1.1 ip4:28.0.0.0/8 ip4:127.0.0.1 -all", "other=1"],
        ("direct.bad-site.com", "A"): ["28.1.1.1"],
    }
    fake.pages[PAGE] = "<a href='http://direct.bad-site.com/x'>files</a><a href='/contact'>Contact</a>"
    return fake


def test_hints_of_the_origin_are_shown_beside_and_never_taken_for_the_host() -> None:
    found = ask(behind_a_cdn(), earlier=["28.1.1.9", "10.0.0.1", "nonsense"])
    assert found.behind_cdn == "Cloudflare" and not any(one.role == "host" for one in found.parties)
    assert [one.key for one in found.beside] == ["host:AS64500"] and found.beside[0].covers == []
    why = " ".join(found.beside[0].reasons)
    assert all(word in why for word in ("mail host", "mail is sent", "link to direct", "before"))
    assert found.beside[0].contacts[0].confidence < 0.85
    assert ("name:www.bad-site.com", "host:AS64500") in edges(found)
    fewer = behind_a_cdn()
    for key in (("bad-site.com", "TXT"), ("direct.bad-site.com", "A")):
        del fewer.records[key]
    assert ask(fewer).beside[0].contacts[0].confidence < found.beside[0].contacts[0].confidence


def test_a_hint_that_is_the_cdn_itself_or_not_public_is_none() -> None:
    fake = behind_a_cdn()
    fake.records |= {
        ("mail.bad-site.com", "A"): ["104.16.9.9"],
        ("direct.bad-site.com", "A"): ["127.0.0.1"],
        ("bad-site.com", "TXT"): [],
    }
    found = ask(fake, earlier=["104.16.1.1"])
    assert found.beside == []
    assert not any("127.0.0.1" in question for question in fake.asked)


def test_ads_and_payment_are_known_by_ads_txt_scripts_and_links() -> None:
    fake = world()
    fake.pages[PAGE] = (
        "<script src='https://a.magsrv.com/x.js'></script><a href='https://bill.ccbill.com/join'>join</a>"
        "<a href='/contact'>Contact</a>"
    )
    lines = "exoclick.com, 123, DIRECT\n# x\njuicyads.com, 9, RESELLER, f00\nunknown-net.com, 1, DIRECT\nrubbish\n"
    fake.pages["http://www.bad-site.com/ads.txt"] = Answer(
        200, "http://www.bad-site.com/ads.txt", {"content-type": "text/plain"}, lines.encode()
    )
    found = ask(fake)
    assert {one.key for one in found.parties if one.role in ("ads", "payment")} == {
        "ads:exoclick",
        "ads:juicyads",
        "payment:ccbill",
    }
    assert len(party(found, "ads:exoclick").reasons) == 2 and ("page", "payment:ccbill") in edges(found)


def test_a_platform_is_named_with_the_ids_a_report_needs() -> None:
    fake = Fake(records={("t.me", "A"): ["28.1.1.1"]}, documents=world().documents)
    found = ask(fake, "https://t.me/some_channel/77")
    assert found.place == {"channel": "some_channel", "message": "77"}
    assert party(found, "platform:telegram").contacts[0].value == "abuse@telegram.org"
    assert not any("some_channel" in one.key for one in found.parties)
    embeds = world()
    embeds.pages[PAGE] = "<iframe src='https://www.youtube.com/embed/abcdefghijk' allowfullscreen></iframe>"
    assert party(ask(embeds), "platform:youtube").reasons == ["the page embeds media of YouTube"]


def test_an_instance_of_the_fediverse_names_who_runs_it() -> None:
    fake = world()
    fake.pages[PAGE] = "<div id='mastodon'></div>"
    fake.documents["http://www.bad-site.com/api/v2/instance"] = {"contact": {"email": "Admin@bad-site.com"}}
    assert party(ask(fake), "platform:www.bad-site.com").contacts[0].value == "admin@bad-site.com"
    for broken in ({}, [], {"contact": []}, {"contact": {"email": "x"}}, {"contact": {"email": ["a@b.com"]}}):
        fake.documents["http://www.bad-site.com/api/v2/instance"] = broken
        assert not any(one.key == "platform:www.bad-site.com" for one in ask(fake).parties)


def test_her_own_address_is_never_picked_plain_or_as_a_digest() -> None:
    assert party(ask(world()), "operator:bad-site.com").contacts[0].value == "dmca@bad-site.com"
    for mark in (" DMCA@bad-site.com ", hashlib.sha256(b"dmca@bad-site.com").hexdigest()):
        found = ask(world(), refuse=[mark])
        assert not any(one.value == "dmca@bad-site.com" for held in found.parties for one in held.contacts)


def test_a_designated_agent_stands_with_its_party() -> None:
    listed = [
        DesignatedAgent("bad-site.com", "", "agent@agents-company.com", expires="2027-01-01"),
        DesignatedAgent("host-company.com", "", "copyright@host-company.com"),
        DesignatedAgent("unrelated.com", "", "x@unrelated.com"),
    ]
    found = ask(world(), agents=listed, now="2026-11-01T00:00:00+00:00")
    assert "agent@agents-company.com" in [one.value for one in party(found, "operator:bad-site.com").contacts]
    assert "copyright@host-company.com" in [one.value for one in party(found, "host:AS64500").contacts]
    assert not any(one.value == "x@unrelated.com" for held in found.parties for one in held.contacts)


def test_security_txt_is_asked_only_where_the_pages_name_nobody() -> None:
    fake = world()
    ask(fake)
    assert not any("security.txt" in question for question in fake.asked)
    fake = world()
    fake.pages = {PAGE: "<p>nice</p>", "http://www.bad-site.com/": "<p>nice</p>"}
    fake.pages["http://www.bad-site.com/.well-known/security.txt"] = "Contact: mailto:security@bad-site.com"
    contacts = party(ask(fake), "operator:bad-site.com").contacts
    assert (contacts[0].value, contacts[0].source) == ("security@bad-site.com", "security.txt")


def test_the_certificate_names_the_company() -> None:
    fake = world()
    body = b"<a href='/contact'>Contact</a>"
    shown = Certificate("Bad Pictures Ltd", ("www.bad-site.com", "other-site.com"))
    fake.pages[PAGE] = Answer(200, PAGE, {"content-type": "text/html"}, body, certificate=shown)
    operator = party(ask(fake), "operator:bad-site.com")
    assert operator.name == "Bad Pictures Ltd" and "its certificate names Bad Pictures Ltd" in operator.reasons


def test_a_report_form_is_told_with_its_fields_and_its_captcha() -> None:
    fake = world()
    fake.pages["http://www.bad-site.com/contact"] = (
        "<h1>Report</h1><form action='/send'><input name='url'><textarea name='message'></textarea>"
        "<input type='hidden' name='t'><div class='h-captcha'></div></form>"
    )
    form = next(one for one in party(ask(fake), "operator:bad-site.com").contacts if one.channel == "form")
    assert (form.value, form.fields, form.captcha) == ("http://www.bad-site.com/contact", ["url", "message"], True)


def test_no_more_pages_are_read_than_is_polite() -> None:
    fake = world()
    links = "".join(f"<a href='/dmca-{number}'>DMCA</a><a href='/contact-{number}'>Contact</a>" for number in range(60))
    fake.pages[PAGE] = fake.pages["http://www.bad-site.com/"] = links
    for number in range(60):
        fake.pages[f"http://www.bad-site.com/dmca-{number}"] = "<p>nothing</p>"
    ask(fake)
    pages = [one for one in fake.asked if one.startswith("get") and not one.endswith((".txt",))]
    assert len(pages) <= 12 and len(set(pages)) == len(pages)


def test_asking_again_gives_the_same_dossier() -> None:
    assert look(behind_a_cdn()) == look(behind_a_cdn())
