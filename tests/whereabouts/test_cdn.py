"""A network in front of a host is never taken for the host, and a host never for such a network."""

import ipaddress

import pytest

from efface.whereabouts import cdn, facts, playbook


def at(*values: str) -> list[facts.Address]:
    return [ipaddress.ip_address(value) for value in values]


@pytest.mark.parametrize(
    ("key", "addresses", "cnames", "nameservers", "headers", "asns"),
    [
        ("cloudflare", ["104.16.9.9"], [], [], {}, []),
        ("cloudflare", ["2606:4700::1"], [], [], {}, []),
        ("cloudflare", ["9.9.9.9"], [], ["amy.ns.cloudflare.com."], {"server": "cloudflare"}, []),
        ("cloudflare", ["9.9.9.9"], [], [], {"cf-ray": "8-FRA"}, []),
        ("cloudfront", ["9.9.9.9"], ["d1.cloudfront.net."], [], {}, []),
        ("fastly", ["151.101.1.1"], [], [], {}, []),
        ("akamai", ["9.9.9.9"], ["x.edgekey.net"], [], {}, []),
        ("bunny", ["9.9.9.9"], ["zone.b-cdn.net"], [], {"server": "BunnyCDN-DE1"}, []),
        ("ddos-guard", ["9.9.9.9"], [], [], {}, [57724]),
    ],
)
def test_known_networks(
    key: str, addresses: list[str], cnames: list[str], nameservers: list[str], headers: dict[str, str], asns: list[int]
) -> None:
    hit = cdn.recognise(at(*addresses), cnames, nameservers, headers, asns)
    assert hit is not None and hit.key == key and hit.reasons


@pytest.mark.parametrize(
    ("cnames", "nameservers", "headers"),
    [
        ([], ["amy.ns.cloudflare.com."], {}),  # DNS at Cloudflare, the site elsewhere
        ([], [], {"server": "cloudflare-nginx-fake"}),
        (["cloudfront.net.evil.example"], [], {}),
        (["notb-cdn.net"], [], {}),
        ([], [], {"server": "nginx", "x-cache": "HIT"}),
    ],
)
def test_one_weak_sign_is_not_enough(cnames: list[str], nameservers: list[str], headers: dict[str, str]) -> None:
    assert cdn.recognise(at("9.9.9.9"), cnames, nameservers, headers) is None


def test_networks_beside_the_table() -> None:
    extra = facts.cdn({"name": "Quick CDN", "domain": "quick.example", "ranges": ["29.40.0.0/22"], "asn": 64508})
    hit = cdn.recognise(at("29.40.1.1"), [], [], {}, [], [extra])
    assert hit is not None and (hit.key, hit.name) == ("quick-cdn", "Quick CDN")


def test_a_stranger_is_known_by_what_its_registry_entry_says_or_by_two_signs() -> None:
    assert cdn.stranger("X", "Content delivery network: reverse proxies", [], {})
    assert cdn.stranger("QUICK-CDN", "", [], {})
    assert cdn.stranger("X", "", ["a.example.cdn.quick.example"], {"via": "1.1 quick (edge cache)"})
    assert cdn.stranger("X", "", [], {"via": "1.1 quick (edge)", "x-cache": "HIT"})
    assert not cdn.stranger("Example Hosting", "customers' servers", [], {"x-cache": "HIT"})
    assert not cdn.stranger("X", "", ["a.cdn.quick.example"], {})
    assert not cdn.stranger("MACDNALD", "", ["cdnald.example"], {"via": "1.1 varnish"})


def test_the_table_is_sound() -> None:
    known = facts.cdns()
    assert len(known) >= 30 and len({one.key for one in known}) == len(known)
    for one in known:
        assert one.asn or one.ranges or one.cname or one.headers or one.server, one.key
        assert all(sign == sign.lower() for sign in (*one.cname, *one.ns, *one.headers, *one.server)), one.key
    assert {one.key for one in playbook.ours().of("cdn")} <= {one.key for one in known}
