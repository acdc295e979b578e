"""Which notice a party gets by the law's data, what it lacks, what it costs; and that every type is reachable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from efface.takedown import choosing, lacking
from efface.takedown.odds import Outcome
from efface.takedown.plan import PlannedRoute
from efface.whereabouts.model import Contact, Party
from tests.takedown.test_plan import (
    CASE,
    FINDING,
    GOOGLE,
    HOST,
    LAW,
    OPERATOR,
    REGISTRAR,
    dossier,
    mail,
    make,
    plan,
)

ALL = frozenset(LAW.notices)
HERS = replace(CASE, pressed_shutter="yes", attested=True, acquisition="self_generated_shared", paid_for="no")


@pytest.fixture
def all_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every notice had its text, and nothing but the facts could be missing."""
    monkeypatch.setattr(choosing, "written", lambda: ALL)
    monkeypatch.setattr(lacking, "elements", lambda *_: ())


def route(role: str, **more: Any) -> PlannedRoute:
    return next(one for one in make(**more).routes if one.role == role)


def types(one: PlannedRoute) -> set[str]:
    return {one.notice_type, *(other.notice_type for other in one.others)}


@pytest.mark.usefixtures("all_written")
def test_every_notice_type_is_reachable_where_it_applies() -> None:
    """A world of cases: whatever the law's data hold, somebody can get it: as a route, as another way, or as a step."""
    met: set[str] = set()
    registry = Party("registry", "registry:example", contacts=[mail("abuse@registry.example")])
    payment = Party("payment", "payment:cards", contacts=[mail("care@cards.example")])
    cloud = Party("cdn", "cdn:cloudflare", "Cloudflare", covers=["bad.example"], contacts=[
        Contact("form", "https://cdn.example/form", "playbook:cdn_cloudflare", confidence=0.9)])  # fmt: skip
    engines = [
        Party("search", f"search:{name}", name, contacts=[
            Contact("form", f"https://{name}.example/form", f"playbook:search_{name}", confidence=0.9)])
        for name in ("google", "bing", "yandex", "duckduckgo")
    ]  # fmt: skip
    for country in ("US", "DE", "GB", "AU", "BR", "IN", "JP", "KR", "NZ", "IT", "ES", "SG", "CA", "NL"):
        case = replace(
            HERS, country=country, lives_in="CA-BC" if country == "CA" else "", has_file="yes", police_wanted="yes",
            trusted_flagger=True, exposure_limit="public_possible",
        )  # fmt: skip
        operator = replace(OPERATOR, country=country)
        parties = [operator, HOST, cloud, REGISTRAR, registry, payment, *engines]
        finding = replace(FINDING, asked="yes", site_type="tube_site")
        made = plan(case, finding, dossier(*parties), LAW, {}, {}, FINDING.confirmed)
        met |= {kind for one in made.routes for kind in types(one)} | {one.notice_type for one in made.steps}
    minor = make(case=replace(CASE, age="minor"))
    assert minor.stop is not None and not minor.routes
    met |= {one.notice_type for one in minor.steps}
    assert ALL - met == frozenset()


@pytest.mark.usefixtures("all_written")
@pytest.mark.parametrize(
    ("country", "expected"),
    [("", "us_tida"), ("US", "us_tida"), ("DE", "eu_dsa_art16"), ("GB", "uk_osa_report"), ("BR", "br_mci_art21"),
     ("IN", "in_rule_3_2_b"), ("NZ", "nz_hdca_s24"), ("KR", "kr_deletion_request")],
)  # fmt: skip
def test_the_law_of_the_recipients_own_place_comes_first(country: str, expected: str) -> None:
    """Her residence opens the same law too, which is then another way."""
    party = replace(OPERATOR, country=country)
    assert route("operator", case=replace(CASE, country=country or "US"), parties=[party]).notice_type == expected


@pytest.mark.usefixtures("all_written")
def test_what_only_she_may_send_is_a_step_of_hers() -> None:
    """In Japan the request is hers alone: it is prepared for her, and a law that we may lean on goes meanwhile."""
    made = make(case=replace(CASE, country="JP"), parties=[replace(OPERATOR, country="JP")])
    one = next(route for route in made.routes if route.role == "operator")
    assert one.notice_type == "us_tida" and "jp_removal_request" in types(one)
    step = next(one for one in made.steps if one.notice_type == "jp_removal_request")
    assert "dmca@bad.example" in step.desks


def test_a_copyright_notice_only_where_she_pressed_the_shutter_or_holds_the_rights() -> None:
    american = [replace(OPERATOR, country="US")]
    for change, there in [
        ({"pressed_shutter": "yes"}, True), ({"assignment": "yes"}, True), ({"pressed_shutter": "no"}, False),
        ({"pressed_shutter": "yes", "content_nature": "fully_synthetic"}, False),
        ({"acquisition": "covert_recording"}, False),
    ]:  # fmt: skip
        one = route("operator", case=replace(CASE, **change), parties=american)  # type: ignore[arg-type]
        assert ("us_dmca_512c" in types(one)) == there, change
    unsaid = route("operator", parties=american)
    copyright = next(one for one in unsaid.others if one.notice_type == "us_dmca_512c")
    assert "pressed_shutter" in [need.ask for need in copyright.needs], "it is asked, not guessed"


@pytest.mark.usefixtures("all_written")
def test_what_works_comes_first_but_never_farther_than_she_allows() -> None:
    """The audit of the field in small: copyright works nearly always, the rest hardly ever; yet it may be published."""
    american = [replace(OPERATOR, country="US")]
    known = {
        ("role:operator", "us_dmca_512c"): Outcome(25, 25, 25.0), ("role:operator", "us_tida"): Outcome(25, 0),
        ("role:operator", "tos_report"): Outcome(25, 0),
    }  # fmt: skip
    careful = route("operator", case=HERS, parties=american, outcomes=known)
    assert careful.notice_type != "us_dmca_512c" and careful.exposure != "public_possible"
    words = " ".join(careful.trade)
    assert "25 of 25 times" in words and "may be published" in words and "only if she allows" in words
    open_wide = replace(HERS, exposure_limit="public_possible")
    fast = route("operator", case=open_wide, parties=american, outcomes=known)
    assert (fast.notice_type, fast.exposure) == ("us_dmca_512c", "public_possible")
    assert fast.odds.n == 25 and fast.odds.low > 0.8 and "may be published" in " ".join(fast.trade)


@pytest.mark.usefixtures("all_written")
def test_a_narrower_wish_is_kept_and_said() -> None:
    narrow = replace(CASE, exposure_limit="recipient_only")
    one = route("host", case=narrow, parties=[HOST])
    assert [need.kind for need in one.needs] == ["exposure"], "nobody is asked behind her back"
    operator = route("operator", case=narrow, parties=[OPERATOR])
    assert operator.exposure == "recipient_only" and not operator.needs


def test_what_is_missing_is_named() -> None:
    unpaid = route("search", parties=[GOOGLE])
    assert any(need.ask == "particulars:acquisition" for need in unpaid.needs)
    silent = route("operator", case=replace(CASE, authorised=False), parties=[OPERATOR])
    assert "consent" in {need.kind for need in silent.needs}
    sworn = next(
        one for one in route("operator", case=replace(HERS, attested=False), parties=[replace(OPERATOR, country="US")])
        .others if one.notice_type == "us_dmca_512c"
    )  # fmt: skip
    assert "attestation" in {need.kind for need in sworn.needs}


def test_the_desk_of_another_is_never_given_its_form() -> None:
    for role in ("host", "operator", "search"):
        party = {"host": HOST, "operator": OPERATOR, "search": GOOGLE}[role]
        bound = {kind for kind in types(route(role, parties=[party])) if choosing.desk_bound(kind)}
        assert bound == ({"search_google"} if role == "search" else set())


def test_steps_for_a_person_stand_beside_the_routes() -> None:
    made = make(case=replace(CASE, country="ES", police_wanted="unknown"))
    by_type = {one.notice_type: one for one in made.steps}
    assert {"hash_bank_submission", "police_report", "evidence_preservation_letter", "dpa_complaint"} <= set(by_type)
    assert by_type["dpa_complaint"].waits, "somebody is asked first"
    assert by_type["police_report"].needs[0].ask == "consent:police" and by_type["police_report"].desks
    assert any("StopNCII" in desk for desk in by_type["hash_bank_submission"].desks)
    assert all(one.key and one.name for one in made.steps) and len({(s.scope, s.key) for s in made.steps}) == len(
        made.steps
    )


def test_nobody_hostile_is_in_a_step() -> None:
    made = make(finding=replace(FINDING, hostility="hostile_or_extortionate"))
    told = [desk for one in made.steps for desk in one.desks]
    assert not [one for one in told if "bad.example" in one]


def test_in_danger_there_are_no_steps_and_a_threat_brings_what_helps_against_it() -> None:
    assert make(case=replace(CASE, danger=True)).steps == ()
    from efface.takedown.guided import of_case

    found = of_case(replace(CASE, publication_state="threatened_only"), False, LAW)
    assert {"hash_bank_submission", "police_report"} <= {one.notice_type for one in found}
    assert {one.role for one in found} <= {"hash_bank", "police", "helpline", "hotline", "court"}
