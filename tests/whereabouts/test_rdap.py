"""RDAP as real registries write it, and as hostile ones do."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from efface.whereabouts import facts, rdap


def card(**rows: str | list[str]) -> list[Any]:
    return ["vcard", [[name.replace("_", "-"), {}, "text", value] for name, value in rows.items()]]


def entity(*roles: str, inner: list[Any] | None = None, **rows: Any) -> dict[str, Any]:
    return {"roles": list(roles), "vcardArray": card(**rows), "entities": inner or []}


def test_the_abuse_desk_inside_the_registrar_is_found() -> None:
    inner = [entity("abuse", fn="Abuse", email="Abuse@Names.example")]
    registrar = {**entity("registrar", inner=inner, fn="Names Ltd"), "publicIds": [{"identifier": "9"}]}
    record = rdap.read({"objectClassName": "domain", "status": ["Client Hold", 7], "entities": [registrar]})
    found = record.registrar()
    assert found is not None and (found.name, found.public_id) == ("Names Ltd", "9")
    assert [(one.emails, one.path) for one in record.abuse()] == [(("abuse@names.example",), ("registrar",))]
    assert record.status == ("client hold",)


def test_several_abuse_desks_are_all_kept() -> None:
    desks = [entity("abuse", email="a@x.example"), entity("technical", "abuse", email="b@x.example")]
    record = rdap.read({"entities": [entity("registrant", inner=desks, fn="Holder")]})
    assert [one.emails[0] for one in record.abuse()] == ["a@x.example", "b@x.example"]
    holder = record.holder()
    assert holder is not None and holder.name == "Holder"


def test_a_form_in_place_of_a_mailbox() -> None:
    record = rdap.read({"entities": [entity("abuse", contact_uri="https://names.example/report")]})
    assert record.abuse()[0].uris == ("https://names.example/report",)
    mailto = rdap.read({"entities": [entity("abuse", contact_uri="mailto:abuse@names.example")]})
    assert mailto.abuse()[0].emails == ("abuse@names.example",)
    odd = rdap.read({"entities": [entity("abuse", email="https://names.example/form")]})
    assert odd.abuse()[0].uris == ("https://names.example/form",) and not odd.abuse()[0].emails


def test_a_web_address_of_the_company_is_not_a_form() -> None:
    assert rdap.read({"entities": [entity("abuse", url="https://names.example/")]}).abuse() == []


def test_numbers_and_transit() -> None:
    assert rdap.read({"arin_originas0_originautnums": ["x", 64500]}).asn == 64500
    record = rdap.read({"objectClassName": "autnum", "startAutnum": 64500,
                        "remarks": [{"description": ["Transit: AS64501 Up", "peering with AS64999"]}]})  # fmt: skip
    assert (record.asn, record.transit()) == (64500, [64501])
    assert rdap.read({"objectClassName": "autnum", "startAutnum": "64500"}).asn == 0


def test_a_nest_without_a_bottom_ends() -> None:
    nest: dict[str, Any] = entity("abuse", email="deep@x.example")
    for _ in range(200):
        nest = {"roles": ["registrant"], "entities": [nest, {}, 3]}
    assert rdap.read({"entities": [nest]}).abuse() == []
    wide = rdap.read({"entities": [entity("abuse", email=f"a{n}@x.example") for n in range(1000)]})
    assert len(wide.cards) == 200


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["entities", "roles", "vcardArray", "remarks", "description", "status", "publicIds", "name",
                         "nameservers", "ldhName", "country", "startAutnum", "objectClassName", "handle"]),
        inner, max_size=6),
    max_leaves=40,
)  # fmt: skip


@given(json)
def test_no_shape_breaks_the_reading(data: Any) -> None:
    record = rdap.read(data)
    assert isinstance(record, rdap.Record)
    record.abuse(), record.registrar(), record.holder(), record.transit()


BOOTSTRAP = {
    "dns": {"services": [[["com", "Net"], ["http://names.example/"]], "x", [[], []]]},
    "ipv4": {"services": [[["28.0.0.0/8"], ["http://numbers.example/a"]], [["28.16.0.0/22"], ["http://b.example/"]]]},
    "asn": {"services": [[["64496-64511", "7"], ["http://numbers.example/"]]]},
}


def test_a_given_bootstrap_is_asked_and_nothing_else() -> None:
    known = rdap.Registries(BOOTSTRAP)
    assert known.domain("a.com") == "http://names.example/domain/a.com"
    assert known.domain("a.net") == "http://names.example/domain/a.net"
    assert known.domain("a.to") == ""
    address = facts.address("28.16.1.1")
    other, none = facts.address("28.99.1.1"), facts.address("9.9.9.9")
    assert address and other and none
    assert known.network(address) == "http://b.example/ip/28.16.1.1"
    assert known.network(other) == "http://numbers.example/a/ip/28.99.1.1"
    assert known.network(none) == ""
    assert (known.number(64500), known.number(7), known.number(8)) == (
        "http://numbers.example/autnum/64500", "http://numbers.example/autnum/7", "",
    )  # fmt: skip


def test_the_snapshot_knows_the_registries_of_the_world() -> None:
    known = rdap.Registries()
    homes = {
        "193.0.0.1": "ripe", "203.10.1.1": "apnic", "200.1.1.1": "lacnic", "41.1.1.1": "afrinic", "8.8.8.8": "arin",
        "2a00::1": "ripe", "2600::1": "arin",
    }  # fmt: skip
    for address, registry in homes.items():
        value = facts.address(address)
        assert value is not None and registry in known.network(value), address
    assert known.domain("x.org").startswith("https://")
    assert "arin" in known.number(15169)


def test_what_a_record_says_of_a_domain() -> None:
    record = rdap.read({
        "objectClassName": "domain", "ldhName": "XN--PPLE-43D.Example.", "unicodeName": "аpple.example",
        "events": [{"eventAction": "registration", "eventDate": "2019-02-28T10:00:00Z"}, "x", {"eventAction": 3},
                   {"eventAction": "last changed", "eventDate": "2020-01-01T00:00:00Z"},
                   {"eventAction": "Last Changed", "eventDate": "2024-01-01T00:00:00+01:00"},
                   {"eventAction": "expiration", "eventDate": "soon"}],
        "nameservers": [{"ldhName": "NS1.host.example"}, {"ldhName": None}, 4], "secureDNS": {"delegationSigned": True},
        "notices": [{"title": "Abuse", "description": ["Report to abuse@registry.example", 3]}, None],
    })  # fmt: skip
    assert (record.domain, record.unicode) == ("xn--pple-43d.example", "аpple.example")
    assert (record.created, record.updated, record.expires) == ("2019-02-28T10:00:00Z", "2024-01-01T00:00:00+01:00", "")
    assert record.nameservers == ("ns1.host.example",) and record.notices == ("abuse@registry.example",)
    assert rdap.read({"unicodeName": "bücher.example"}).domain == "xn--bcher-kva.example"


def test_only_a_registrars_and_a_registrys_desks_are_desks() -> None:
    own = entity("registrant", inner=[entity("abuse", email="abuse@holder.example")], email="holder@x.example")
    names = entity("registrar", inner=[entity("abuse", email="abuse@names.example", contact_uri="https://names.example/f",
                                              tel="+1.5550100")])  # fmt: skip
    record = rdap.read({"entities": [own, names, entity("abuse", email="abuse@registry.example")]})
    assert [(one.channel, one.value, one.party) for one in record.desks()] == [
        ("email", "abuse@names.example", "registrar"), ("form", "https://names.example/f", "registrar"),
        ("phone", "+1.5550100", "registrar"), ("email", "abuse@registry.example", "registry"),
    ]  # fmt: skip


def test_cards_of_every_oddity() -> None:
    rows: list[Any] = [
        ["fn", {}, "text", None], ["fn", {}], "x", ["org", {}, "text", ["Names", ["Abuse", "Desk"]]],
        [None, {}, "text", "y"], ["email", {}, "text", ["Abuse@A.example", "b@a.example"]],
        ["email", {}, "text", "c@a.example", "d@a.example"],
        ["email", {}, "uri", "mailto:e@a.example?subject=x@y.example"], ["email", {}, "text", 7],
        ["email", {}, "text", {}],
        ["tel", {"type": "voice"}, "uri", "tel:+1.5550100;ext=102"], ["tel", {}, "text", "+1 555 0101"],
        ["TEL", {}, "uri", []],
        ["url", {}, "uri", "https://names.example/"], ["url", {}, "uri", "javascript:alert(1)"],
        ["contact-uri", {}, "uri", "https://names.example/form"], ["contact-uri", {}, "uri", "file:///etc/passwd"],
    ]  # fmt: skip
    found = rdap.read({"entities": [{"roles": ["abuse", 5, None], "vcardArray": ["vcard", rows]}]}).cards[0]
    assert found.emails == ("abuse@a.example", "b@a.example", "c@a.example", "d@a.example", "e@a.example")
    assert found.phones == ("+1.5550100", "+1 555 0101") and found.uris == ("https://names.example/form",)
    assert found.url == "https://names.example/" and found.roles == ("abuse", "", "")
    for array in (None, [], ["vcard"], ["vcard", None], ["vcard", {}], "vcard", {"fn": "x"}, [1, [[1]]]):
        assert rdap.read({"entities": [{"roles": ["abuse"], "vcardArray": array}]}).cards[0].emails == ()


def test_markup_stays_text_and_tricks_are_gone() -> None:
    record = rdap.read({"name": "<script>x</script>\x1b[31m\u202eevil\u2066", "entities": [
        entity("registrar", fn="Na\u200bmes <b>Ltd</b>\u202e")]})  # fmt: skip
    found = record.registrar()
    assert found is not None and found.name == "Names <b>Ltd</b>" and record.name == "<script>x</script>[31mevil"


def test_links_are_shown_and_never_asked() -> None:
    links = [{"rel": "related", "href": "http://169.254.169.254/"}, {"rel": "about", "href": "https://names.example"}]
    record = rdap.read({"links": links, "entities": [{"roles": ["registrar"], "links": links}]})
    found = record.registrar()
    assert found is not None and found.url == "https://names.example"
    assert "169.254" not in repr(record)


def test_a_huge_object_is_refused_and_a_wide_one_cut() -> None:
    assert rdap.read({str(n): n for n in range(5000)}) == rdap.Record()
    rows = [["email", {}, "text", f"a{n}@x.example"] for n in range(500)]
    wide = {"roles": ["abuse"] * 1000, "vcardArray": ["vcard", rows]}
    assert len(rdap.read({"entities": [wide]}).cards[0].emails) == 10
