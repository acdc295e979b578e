"""From a URL to everyone who could act, and what is said when somebody does not answer."""

import asyncio
from typing import Any

from efface.net.protocol import WhereaboutsRequest
from efface.whereabouts.lookup import find
from efface.whereabouts.model import Dossier, Party
from efface.whereabouts.operator import takes_mail
from efface.whereabouts.transport import Answer
from efface.whereabouts.zone import rname
from tests.whereabouts.fake import Fake
from tests.whereabouts.test_rdap import entity

PAGE = "http://www.bad-site.com/v/1"
BOOTSTRAP: dict[str, Any] = {
    "dns": {"services": [[["com"], ["http://names.example/"]]]},
    "ipv4": {"services": [[["28.0.0.0/8", "29.0.0.0/8"], ["http://numbers.example/"]]]},
    "asn": {"services": [[["1-99999"], ["http://numbers.example/"]]]},
}


def network(name: str, mailbox: str, asn: int, remark: str = "") -> dict[str, Any]:
    desk = [entity("abuse", fn="Abuse", email=mailbox)]
    return {
        "objectClassName": "ip network", "country": "NL", "name": name.upper(), "arin_originas0_originautnums": [asn],
        "entities": [entity("registrant", inner=desk, fn=name)], "remarks": [{"description": [remark]}],
    }  # fmt: skip


def number(name: str, mailbox: str, asn: int, transit: str = "") -> dict[str, Any]:
    found = network(name, mailbox, 0, transit)
    return {**found, "objectClassName": "autnum", "startAutnum": asn}


def world() -> Fake:
    registrar = entity("registrar", inner=[entity("abuse", email="abuse@names-company.com")], fn="Names Ltd")
    return Fake(
        records={
            ("www.bad-site.com", "A"): ["28.1.1.1"],
            ("img.bad-pictures.com", "A"): ["28.1.1.9"],
            ("bad-site.com", "MX"): ["10 mx.example."],
            ("bad-site.com", "NS"): ["ns1.host-company.com."],
        },
        pages={
            PAGE: "<h2>Picture</h2><p>Contact her: <a href='mailto:jo@mail-box.net'>jo@mail-box.net</a></p>"
                  "<a href='/contact'>Contact</a>",
            "http://www.bad-site.com/": "<a href='/contact'>Contact</a><a href='/terms'>Terms</a>",
            "http://www.bad-site.com/contact": "<p>Report abuse to dmca [at] bad-site [dot] com.</p>",
        },
        documents={
            "http://names.example/domain/bad-site.com": {
                "objectClassName": "domain", "status": ["client transfer prohibited"],
                "entities": [{**registrar, "publicIds": [{"identifier": "9100"}]},
                             entity("registrant", email="x@privacy-proxy.com")],
                "links": [{"rel": "related", "href": "http://169.254.169.254/"}],
            },
            "http://numbers.example/ip/28.1.1.1": network("Host Company", "abuse@host-company.com", 64500),
            "http://numbers.example/ip/28.1.1.9": network("Host Company", "abuse@host-company.com", 64500),
            "http://numbers.example/autnum/64500": number(
                "Host Company", "noc@host-company.com", 64500, "Transit: AS64501"
            ),
            "http://numbers.example/autnum/64501": number("Transit", "abuse@transit-company.com", 64501),
        },
    )  # fmt: skip


def look(fake: Fake, url: str = PAGE, media: list[str] | None = None, **more: Any) -> Dossier:
    bootstrap = {**BOOTSTRAP, **more}
    return asyncio.run(find(WhereaboutsRequest(url, media_urls=media or []), fake, bootstrap, {}))


def by_role(dossier: Dossier) -> dict[str, Party]:
    """The first party of each role."""
    return {party.role: party for party in reversed(dossier.parties)}


def test_the_whole_chain() -> None:
    found = look(world(), media=["http://img.bad-pictures.com/1.jpg"])
    parties = by_role(found)
    assert set(parties) == {"operator", "host", "upstream", "registrar", "search", "isp"}
    assert (found.host, found.domain, found.addresses) == ("www.bad-site.com", "bad-site.com", ["28.1.1.1"])
    assert found.behind_cdn == "" and found.partial == [] and found.status == ["client transfer prohibited"]
    host = parties["host"]
    assert (host.key, host.name, host.country, host.asn) == ("host:AS64500", "Host Company", "NL", 64500)
    assert sorted(host.covers) == ["img.bad-pictures.com", "www.bad-site.com"]
    assert [one.value for one in host.contacts] == ["abuse@host-company.com", "noc@host-company.com"]
    assert parties["upstream"].key == "upstream:AS64501"
    assert (parties["registrar"].key, parties["registrar"].contacts[0].value) == (
        "registrar:9100",
        "abuse@names-company.com",
    )
    operator = parties["operator"]
    assert [one.value for one in operator.contacts] == ["dmca@bad-site.com", "x@privacy-proxy.com"]
    assert operator.contacts[1].confidence == 0.05
    assert parties["search"].contacts[0].source == "playbook:search_google"


def test_no_link_in_an_answer_is_followed() -> None:
    fake = world()
    look(fake)
    assert not any("169.254" in question for question in fake.asked)


def test_a_network_before_the_host_is_not_the_host() -> None:
    fake = world()
    fake.records[("www.bad-site.com", "A")] = ["104.16.1.1"]
    found = look(fake, media=["http://img.bad-pictures.com/1.jpg"])
    parties = by_role(found)
    assert found.behind_cdn == "Cloudflare"
    assert parties["cdn"].key == "cdn:cloudflare" and parties["cdn"].covers == ["www.bad-site.com"]
    assert parties["cdn"].contacts[0].source == "playbook:cdn_cloudflare"
    assert parties["host"].covers == ["img.bad-pictures.com"]


def test_a_network_in_no_table_is_known_by_its_own_registry_entry() -> None:
    fake = world()
    fake.documents["http://numbers.example/ip/28.1.1.1"] = network(
        "Quick", "abuse@quick-net.com", 64508, "reverse proxies"
    )
    found = look(fake)
    assert found.behind_cdn == "Quick" and by_role(found)["cdn"].key == "cdn:as64508"
    assert "host" not in by_role(found)


def test_networks_and_search_engines_a_world_brings_along() -> None:
    fake = world()
    found = look(
        fake,
        cdns=[{"name": "Quick CDN", "ranges": ["28.1.0.0/16"]}],
        search=[{"key": "own", "name": "Own Search", "value": "http://search.example/report"}],
    )
    assert found.behind_cdn == "Quick CDN"
    assert by_role(found)["search"].contacts[0].value == "http://search.example/report"


def test_broken_registry_answers_leave_the_rest_standing() -> None:
    fake = world()
    fake.documents["http://numbers.example/ip/28.1.1.1"] = ["not", "an", "object"]
    fake.records[("1.1.1.28.origin.asn.cymru.com", "TXT")] = ["64500 | 28.1.1.0/24 | NL | ripencc | 2015-01-01"]
    del fake.documents["http://names.example/domain/bad-site.com"]
    found = look(fake)
    assert by_role(found)["host"].contacts[0].value == "noc@host-company.com"
    assert any(line.startswith("rdap domain") for line in found.partial)
    assert "registrar: nobody said" in found.partial


def test_dead_dns_still_gives_search_and_says_so() -> None:
    fake = Fake(records={("www.bad-site.com", kind): ["fail"] for kind in ("A", "AAAA", "CNAME", "NS", "MX")})
    found = look(fake)
    assert {party.role for party in found.parties if party.contacts} == {"search"}
    assert any("servfail" in line for line in found.partial) and "www.bad-site.com: no address" in found.partial


def test_guesses_only_where_the_pages_were_read_name_nobody_and_mail_is_taken() -> None:
    fake = world()
    fake.pages = {PAGE: "<p>nice</p>", "http://www.bad-site.com/": "<p>nice</p>"}
    fake.records[("bad-site.com", "SOA")] = ["ns1.x.example. host\\.master.bad-site.com. 1 2 3 4 5"]
    boxes = [one.value for one in by_role(look(fake))["operator"].contacts if one.source == "role-mailbox"]
    assert sorted(boxes) == ["abuse@bad-site.com", "webmaster@bad-site.com"]
    values = {one.value: one for one in by_role(look(fake))["operator"].contacts}
    assert values["host.master@bad-site.com"].source == "soa"
    fake.records[("bad-site.com", "MX")] = ["0 ."]
    assert not [one for one in by_role(look(fake))["operator"].contacts if one.confidence > 0.1]


def test_a_site_that_takes_us_for_a_robot_is_left_to_a_person() -> None:
    fake = world()
    body = b"<title>Just a moment...</title><h1>Checking your browser before accessing</h1>"
    challenge = Answer(403, PAGE, {"content-type": "text/html", "cf-mitigated": "challenge"}, body)
    fake.pages = {PAGE: challenge, "http://www.bad-site.com/": challenge}
    found = look(fake)
    assert not [one for one in by_role(found)["operator"].contacts if one.confidence > 0.1]
    assert any("robot" in line for line in found.partial)


def test_a_page_that_forwards_elsewhere_says_nothing_of_this_site() -> None:
    fake = world()
    other = Answer(
        200, "http://other-site.com/contact", {"content-type": "text/html"}, b"<p>abuse@other-site.com report</p>"
    )
    fake.pages = {PAGE: other, "http://www.bad-site.com/": other}
    found = look(fake)
    assert not any(one.value.endswith("other-site.com") for one in by_role(found)["operator"].contacts)


def test_mail_that_a_domain_refuses_is_not_offered() -> None:
    fake = world()
    fake.records[("bad-site.com", "MX")] = ["0 ."]
    assert "dmca@bad-site.com" not in {one.value for one in by_role(look(fake))["operator"].contacts}
    assert asyncio.run(takes_mail("x.com", Fake(records={("x.com", "A"): ["28.1.1.1"]}), []))
    assert not asyncio.run(takes_mail("x.com", Fake(records={("x.com", "A"): ["28.1.1.1"]}), [], strictly=True))
    assert asyncio.run(takes_mail("x.com", Fake(records={("x.com", "MX"): ["fail"]}), []))


def test_a_price_for_a_removal_is_a_sign_of_the_dossier() -> None:
    fake = world()
    fake.pages["http://www.bad-site.com/contact"] = "<p>Removal fee: $299. Mail pay@bad-site.com</p>"
    assert look(fake).signs[0].startswith("paid-removal: ")


def test_addresses_that_are_none() -> None:
    for url in ("", "nonsense", "http://", "mailto:a@b.com"):
        found = look(Fake(), url)
        assert {party.role for party in found.parties} == {"search"} and found.partial
    onion = look(Fake(), "http://abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefgh.onion/x")
    assert {party.role for party in onion.parties} == {"search"} and "onion" in onion.partial[0]
    literal = look(world(), "http://28.1.1.1/v/1")
    assert {party.role for party in literal.parties} == {"host", "operator", "upstream", "search"}


def test_the_same_world_gives_the_same_dossier() -> None:
    assert look(world()) == look(world())


def test_the_mailbox_in_an_soa() -> None:
    assert rname("ns1.a.net. hostmaster.a.net. 1 2 3 4 5") == "hostmaster@a.net"
    assert rname("ns1.a.net. hidden\\.owner.a.net. 1 2 3 4 5") == "hidden.owner@a.net"
    for broken in ("", "x", "ns. .", "ns. nodots 1"):
        assert rname(broken) == ""


def test_an_address_that_is_not_public_has_no_party() -> None:
    fake = world()
    fake.records[("www.bad-site.com", "A")] = ["10.0.0.7", "127.0.0.1"]
    found = look(fake)
    assert "host" not in by_role(found) and found.addresses == []
    assert any("not public" in line for line in found.partial)
    assert not any("ip/10." in question or "ip/127." in question for question in fake.asked)
    fake.records[("www.bad-site.com", "A")] = ["28.1.1.1", "10.0.0.7"]
    assert look(fake).addresses == ["28.1.1.1"]
    assert "host" not in by_role(look(world(), "http://127.0.0.1/v/1"))


def test_a_registry_that_names_itself_is_nobody() -> None:
    fake = world()
    fake.documents["http://numbers.example/ip/28.1.1.1"] = network("IANA-BLOCK", "abuse@iana.org", 64500)
    fake.documents["http://numbers.example/autnum/64500"] = number("RIPE", "hostmaster@ripe.net", 64500)
    assert by_role(look(fake))["host"].contacts == []
