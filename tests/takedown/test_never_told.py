"""Who must never hear of it is not reached under any spelling, in any role; nor any site of a hostile operator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.cases import avoiding
from efface.takedown.reach import Reach, avoided, belongs, is_suspect
from tests.takedown.test_plan import CASE, FINDING, GOOGLE, HOST, OPERATOR, UPSTREAM, mail, make, roles


def reach(*written: str) -> Reach:
    known = avoiding.gathered(avoiding.read(one) for one in written)
    return Reach({}, suspects=known.places, names=known.names, numbers=known.numbers)


@pytest.mark.parametrize(
    ("written", "contact"),
    [
        ("john@x.example", "John@X.example"), ("john@x.example", "john+abuse@x.example"),
        ("mailto:john@x.example", "john@x.example"), ("j.doe@gmail.com", "jdoe+1@googlemail.com"),
        ("x.example", "abuse@mail.x.example"), ("https://www.x.example/about", "https://x.example/report"),
        ("x.example", "x.example"), ("+49 170 1234567", "0049 (0)170/1234567"),
        ("Jürgen Müller", "jurgen.muller@x.example"),
        ("Jose Garcia", "josé.garcía@x.example"), ("John Doe", "johndoe@x.example"), ("John Doe", "doe.john@x.example"),
        ("darkviper", "darkviper@x.example"), ("john_doe88", "john_doe88@x.example"),
    ],
)  # fmt: skip
def test_one_person_however_written(written: str, contact: str) -> None:
    assert belongs(contact, "", reach(written))


@pytest.mark.parametrize(
    ("written", "contact"),
    [
        ("john@x.example", "abuse@x.example"), ("x.example", "abuse@notx.example"), ("John Doe", "abuse@doe.example"),
        ("John Doe", "john@x.example"), ("+49 170 1234567", "+49 170 7654321"), ("Ann Lee", "channellee@x.example"),
    ],
)  # fmt: skip
def test_others_are_not_taken_for_them(written: str, contact: str) -> None:
    assert not belongs(contact, "", reach(written))


def test_a_party_by_its_name_or_domain() -> None:
    assert is_suspect(replace(HOST, name="Doe, John (sole trader)"), reach("John Doe"))
    assert is_suspect(replace(HOST, domain="shop.x.example"), reach("x.example"))
    assert not is_suspect(HOST, reach("John Doe", "x.example"))


def test_a_suspect_who_runs_the_site_is_not_reached_at_another_address() -> None:
    """Every contact of the operator is his, whatever mailbox it is."""
    elsewhere = replace(OPERATOR, contacts=[mail("someone@freemail.example", 0.9)])
    made = make(case=replace(CASE, suspects=frozenset({"bad.example"})), parties=[elsewhere, HOST, GOOGLE])
    assert "operator" not in roles(made)
    assert next(one.rule for one in made.withheld if one.role == "operator") == "S5_suspect"


@pytest.mark.parametrize("written", ["dmca@bad.example", "bad.example", "abuse@host.example"])
def test_no_step_of_a_person_leads_there_either(written: str) -> None:
    """What is prepared for a person names no desk of somebody who must never hear of it, nor her own address."""
    everywhere = [desk for one in make().steps for desk in one.desks]
    assert "dmca@bad.example" in everywhere and "abuse@host.example" in everywhere
    for case in (replace(CASE, suspects=frozenset({written})), replace(CASE, hers=frozenset({written}))):
        if case.hers and "@" not in written:
            continue
        desks = [desk for one in make(case=case).steps for desk in one.desks]
        assert not [desk for desk in desks if avoided(desk, Reach({}, suspects=frozenset({written})))]


@given(st.sampled_from(["dmca@bad.example", "abuse@host.example", "host.example", "up.example"]))
def test_no_route_ever_leads_to_a_suspect(written: str) -> None:
    made = make(case=replace(CASE, suspects=frozenset({written})))
    assert not [one for one in made.routes for value in (one.contact, *one.alternatives)
                if avoided(value, Reach({}, suspects=frozenset({written})))]  # fmt: skip


def test_every_site_of_a_hostile_operator_is_out_of_reach() -> None:
    finding = replace(
        FINDING, hostility="hostile_or_extortionate", group=frozenset({"bad.example", "worse.example"}),
        group_contacts=frozenset({"boss@freemail.example"}),
    )  # fmt: skip
    own = replace(HOST, contacts=[mail("abuse@ns.worse.example")])
    shared = replace(UPSTREAM, contacts=[mail("Boss@freemail.example")])
    assert roles(make(finding=finding, parties=[OPERATOR, own, shared, GOOGLE])) == ["search"]
    calm = replace(finding, hostility="unknown")
    assert "host" in roles(make(finding=calm, parties=[own, GOOGLE])), "a calm operator's other site may be a host"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" Anna@X.org. ", "email", "anna@x.org"), ("https://www.Forum.example/u/7", "domain", "forum.example"),
        ("+44 20 7946 0000", "phone", "442079460000"), ("John Doe", "name", "John Doe"),
        ("münchen.example", "domain", "xn--mnchen-3ya.example"), ("darkviper", "name", "darkviper"),
    ],
)  # fmt: skip
def test_what_was_written_is_understood(text: str, kind: str, value: str) -> None:
    assert avoiding.read(text) == (kind, value)


@pytest.mark.parametrize("text", ["", " ", "ab", "x" * 201])
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(avoiding.NotAvoidable):
        avoiding.read(text)
