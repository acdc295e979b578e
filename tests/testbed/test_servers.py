"""The wire side: DNS, HTTP, RDAP, WHOIS, TSA, control. Nothing here changes the shared world."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import urllib.error
import urllib.request
import zlib
from pathlib import Path

import dns.rcode
import pytest
import requests
import whoisit
from cryptography import x509
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

from testbed.model import World
from testbed.servers.rdap import NO_RDAP
from tests.testbed.conftest import Client


def _first(world: World, **wanted: object) -> str:
    return next(
        site.domain for site in world.sites if all(getattr(site, key) == value for key, value in wanted.items())
    )


@pytest.mark.parametrize("tcp", [False, True])
def test_dns_gives_the_claimed_address(client: Client, world: World, tcp: bool) -> None:
    site = next(site for site in world.sites if not site.cdn and not site.dead_dns)
    answer = client.dns(site.domain, tcp=tcp)
    assert answer.answer[0][0].to_text() == site.address
    assert site.address in client.world["dial"]


def test_dns_points_a_site_behind_the_cdn_at_an_edge(client: Client, world: World) -> None:
    site = next(site for site in world.sites if site.cdn)
    kinds = [row.rdtype.name for rrset in client.dns(site.domain).answer for row in rrset]
    assert kinds == ["CNAME", "A"]
    assert client.addresses(site.domain) == [site.edge] != [site.address]


def test_dns_says_nxdomain_servfail_and_null_mx(client: Client, world: World) -> None:
    assert client.dns("nobody-lives-here.com").rcode() == dns.rcode.NXDOMAIN
    assert client.dns(_first(world, dead_dns="servfail")).rcode() == dns.rcode.SERVFAIL
    mirror = next(site.domain for site in world.sites if site.network)
    assert client.dns(mirror, "MX").answer[0][0].to_text() == "0 ."
    mailbox = next(operator.mailbox for operator in world.operators if operator.mailbox)
    assert client.dns(mailbox.partition("@")[2], "MX").answer[0][0].exchange.to_text().startswith("mx.")


def test_dns_does_not_fall_over_nonsense(client: Client) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for junk in (b"", b"\x00", b"\xff" * 40, b"\x00" * 12):
            sender.sendto(junk, tuple(client.world["dns"]))
    assert client.addresses(client.world["rdap"]["dns"]["services"][0][1][0].split("/")[2])


def test_a_name_is_served_only_where_it_lives(client: Client, world: World) -> None:
    sites = [site for site in world.sites if not site.cdn and not site.dead_dns and not site.wall]
    other = next(site for site in sites if site.host != sites[0].host)
    assert client.get(f"http://{sites[0].domain}/").status == 200
    assert client.get(f"http://{sites[0].domain}/", at=world.dial[other.address]).status == 404


def test_planted_pages_show_full_picture_and_thumbnail_with_their_canaries(client: Client, world: World) -> None:
    start = client.ready["start"]
    items = [item for item in world.items if not item.of and item.published_at <= start]
    assert len(items) > 10
    for item in items:
        page = client.get(item.page_urls[0])
        assert page.status == 200
        path = item.media_urls[0].split("/", 3)[3]
        assert path in page.body.decode()
        full, thumb = client.get(item.media_urls[0]), client.get(item.thumb_urls[0])
        assert bytes.fromhex(item.canaries[0]) in full.body
        assert bytes.fromhex(item.canaries[1]) in thumb.body
        assert full.headers["content-type"].startswith("image/")


def test_lists_lead_to_every_published_gallery(client: Client, world: World) -> None:
    site = next(
        site for site in world.sites if not site.wall and not site.dead_dns and len(site.galleries) > site.per_page
    )
    seen = ""
    for number in range(1, 9):
        page = client.get(f"http://{site.domain}/" + (f"page/{number}" if number > 1 else ""))
        seen += page.body.decode() if page.status == 200 else ""
    for gallery in site.galleries:
        shown = gallery.published_at <= client.ready["start"] and not gallery.hidden
        assert (gallery.path in seen) is shown


def test_pages_answer_not_modified(client: Client, world: World) -> None:
    url = f"http://{next(site.domain for site in world.sites if not site.wall and not site.dead_dns)}/"
    tag = client.get(url).headers["etag"]
    assert client.get(url, **{"If-None-Match": tag}).status == 304


def test_every_style_of_not_found_is_played(client: Client, world: World) -> None:
    expected = {"404": 404, "410": 410, "200-static": 200, "200-echo": 200, "200-recommendations": 200, "home": 302}
    seen = set()
    for site in world.sites:
        if not site.wall and not site.dead_dns:
            assert client.get(f"http://{site.domain}/nothing/here").status == expected[site.missing]
            seen.add(site.missing)
    assert {"404", "410", "200-static"} <= seen


def test_walls_loops_and_robots(client: Client, world: World) -> None:
    wall = client.get(f"http://{_first(world, wall='challenge')}/")
    assert wall.status == 403
    assert b"Just a moment" in wall.body
    site = next(site for site in world.sites if not site.wall and not site.dead_dns)
    there = client.get(f"http://{site.domain}/go/round").headers["location"]
    assert client.get(f"http://{site.domain}{there}").headers["location"] == "/go/round"
    assert client.get(f"http://{site.domain}/members/new").headers["location"] == "/login"
    assert client.get(f"http://{site.domain}/robots.txt").body.startswith(b"User-agent")


def test_the_calendar_never_ends(client: Client, world: World) -> None:
    path, seen = "/calendar?month=2026-09", set()
    domain = _first(world, calendar=True)
    for _ in range(30):
        body = client.get(f"http://{domain}{path}").body.decode()
        path = body.rsplit("earlier</a> <a href='", 1)[1].split("'")[0]
        seen.add(path)
    assert len(seen) == 30


def test_hostile_pages_do_what_they_threaten(client: Client, world: World) -> None:
    base = f"http://{_first(world, hostile=True)}/lab/"
    bomb = client.get(base + "bomb")
    assert len(bomb.body) < 2_000_000
    assert len(zlib.decompressobj(31).decompress(bomb.body, 50_000_000)) == 50_000_000
    assert client.get(base + "metadata").headers["location"].startswith("http://169.254.169.254/")
    assert client.get(base + "hops?n=20").headers["location"] == "/lab/hops?n=19"
    png = client.get(base + "enormous.png").body
    assert int.from_bytes(png[16:20]) == 30_000
    assert len(png) < 500_000
    with pytest.raises(http.client.IncompleteRead):
        client.get(base + "lying")


@pytest.fixture
def names(client: Client) -> requests.Session:
    """A session that dials RDAP servers as the world says."""

    class Dialled(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
            host = (request.url or "").split("/")[2]
            dial = client.world["dial"][client.addresses(host)[0]]
            request.headers["Host"] = host
            request.url = (request.url or "").replace(host, f"{dial}:{client.world['ports']['80']}", 1)
            return super().send(request, *args, **kwargs)  # type: ignore[arg-type]

    session = requests.Session()
    session.mount("http://", Dialled())
    whoisit.clear_bootstrapping()
    whoisit.load_bootstrap_data(client.world["rdap"], from_json=False, allow_insecure=True)
    return session


def test_rdap_of_a_domain_nests_the_abuse_desk_in_the_registrar(names: requests.Session, world: World) -> None:
    site = next(site for site in world.sites if site.domain.rpartition(".")[2] not in NO_RDAP)
    found = whoisit.domain(site.domain, raw=True, session=names, follow_related=False)
    registrar = next(entity for entity in found["entities"] if "registrar" in entity["roles"])
    assert world.registrar(site.registrar).abuse in json.dumps(registrar["entities"])
    assert found["ldhName"] == site.domain.upper()


def test_rdap_of_an_address_names_host_cdn_or_breaks(names: requests.Session, world: World) -> None:
    styles = set()
    for provider in world.providers:
        address = provider.prefix.replace("0/22", "77")
        styles.add(provider.rdap)
        if provider.rdap == "malformed":
            with pytest.raises(whoisit.errors.QueryError):
                whoisit.ip(address, raw=True, session=names)
            continue
        if provider.rdap == "busy-once":
            with pytest.raises(whoisit.errors.QueryError):
                whoisit.ip(address, raw=True, session=names)
        found = whoisit.ip(address, raw=True, session=names)
        assert (provider.stale_abuse or provider.abuse) in json.dumps(found)
        assert found["arin_originas0_originautnums"] == [provider.asn]
    assert styles == {"nested", "several", "contact-uri", "malformed", "busy-once"}


def test_rdap_of_an_as_number_gives_the_working_mailbox(names: requests.Session, world: World) -> None:
    for provider in world.providers:
        assert provider.abuse in json.dumps(whoisit.asn(provider.asn, raw=True, session=names))


def test_whois_answers_for_suffixes_without_rdap(client: Client, world: World) -> None:
    site = next(site for site in world.sites if site.domain.rpartition(".")[2] in NO_RDAP)
    server = client.world["whois"][site.domain.rpartition(".")[2]]
    address = (client.world["dial"][client.addresses(server)[0]], client.world["ports"]["43"])
    with socket.create_connection(address, timeout=5) as sender:
        sender.sendall(site.domain.encode() + b"\r\n")
        text = sender.makefile().read()
    assert world.registrar(site.registrar).abuse in text


def _stamp(client: Client, body: bytes) -> bytes:
    request = urllib.request.Request(
        client.ready["tsa"]["url"], data=body, headers={"Content-Type": "application/timestamp-query"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        data: bytes = answer.read()
        return data


@pytest.mark.parametrize("certificates", [True, False])
def test_a_timestamp_verifies_and_tells_world_time(client: Client, certificates: bool) -> None:
    asked = TimestampRequestBuilder().data(b"a capture").cert_request(cert_request=certificates).build()
    answer = decode_timestamp_response(_stamp(client, asked.as_bytes()))
    tsa, root = (
        x509.load_pem_x509_certificate(Path(client.ready["tsa"][name]).read_bytes()) for name in ("certificate", "root")
    )
    verifier = VerifierBuilder().tsa_certificate(tsa).add_root_certificate(root).nonce(asked.nonce or 0).build()
    assert verifier.verify(answer, hashlib.sha512(b"a capture").digest())
    assert answer.tst_info.gen_time.isoformat().replace("+00:00", "Z") == client.ready["start"]
    with pytest.raises(Exception, match="Mismatch"):
        verifier.verify(answer, hashlib.sha512(b"another").digest())


def test_a_bad_timestamp_request_is_rejected(client: Client) -> None:
    for junk in (b"", b"junk", b"\x30\x05\x02\x01"):
        assert decode_timestamp_response(_stamp(client, junk)).status == 2


def test_the_control_door_needs_its_token(client: Client) -> None:
    assert client.control("GET", "/state")["idle"] is True
    with pytest.raises(urllib.error.HTTPError) as refused:
        client.control("GET", "/state", token="guess")
    assert refused.value.code == 403
    refused.value.close()


@pytest.mark.parametrize("body", [{}, {"now": "soon"}, {"now": "2026-09-02T00:00:00"}, []])
def test_a_bad_advance_is_refused(client: Client, body: object) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        client.control("POST", "/advance", body)
    assert refused.value.code == 400
    refused.value.close()


def test_the_guards_world_has_the_agreed_shape(client: Client) -> None:
    assert set(client.world) == {"dns", "dial", "ports", "rdap", "whois"}
    assert set(client.world["ports"]) == {"80", "25", "43"}
    saved = json.loads((Path(client.ready["folder"]) / "ready.json").read_text())
    assert saved == client.ready
