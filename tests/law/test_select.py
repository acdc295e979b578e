"""The table of cases of the research, row by row: what may go first, what later, what never."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.law import Facts, Selection, applicable, copyright_owner, load

LAW = load()
ADULT = Facts(age="adult", content_nature="authentic", survivor_country="US", recipient_country="US")
PLATFORM = replace(ADULT, site_type="major_platform", acquisition="self_generated_shared", pressed_shutter="yes")


def ids(found: Selection) -> list[str]:
    return [one.notice_type for one in found.allowed]


def why(found: Selection, notice_type: str) -> str:
    return next(one.rule for one in found.refused if one.notice_type == notice_type)


def test_danger_stops_everything() -> None:
    found = applicable(LAW, replace(PLATFORM, danger=True))
    assert (found.stop, found.allowed, found.rules) == ("S0_danger", (), ("S0_danger",))


@pytest.mark.parametrize("age", ["minor", "unknown_treat_as_minor"])
def test_minor_or_unknown_age(age: str) -> None:
    found = applicable(LAW, replace(PLATFORM, age=age, site_type="ugc_forum"))
    assert ids(found) == ["csam_hotline_report", "police_report", "hash_bank_submission"]
    assert found.allowed[0].missing == found.allowed[1].missing == ()
    assert {one.rule for one in found.refused} == {"S1_minor"}
    large = applicable(LAW, replace(PLATFORM, age=age))
    assert ids(large) == ["csam_hotline_report", "police_report", "hash_bank_submission", "tos_report"]
    cleared = applicable(LAW, replace(PLATFORM, age=age, minor_clearance=True))
    assert "us_tida" in ids(cleared) and "csam_hotline_report" in ids(cleared)


def test_nothing_known_is_treated_as_a_minor() -> None:
    assert set(ids(applicable(LAW, Facts()))) == {"csam_hotline_report", "police_report", "hash_bank_submission"}


def test_threat_only_for_money() -> None:
    facts = replace(ADULT, publication_state="threatened_only", motive="economic", has_file="yes", police_wanted="yes",
                    site_type="major_platform")  # fmt: skip
    found = applicable(LAW, facts)
    assert ids(found)[:3] == ["hash_bank_submission", "tos_report", "police_report"]
    assert {"R1_threat_only", "R2_financial_sextortion"} <= set(found.rules)
    for never in ("us_tida", "eu_dsa_art16", "generic_host_abuse", "search_google", "registrar_abuse"):
        assert never not in ids(found)
    assert why(found, "generic_host_abuse") == why(found, "search_google") == "R1_threat_only"


def test_threat_only_by_a_former_partner_where_fear_is_enough() -> None:
    facts = replace(ADULT, publication_state="threatened_only", survivor_country="IT")
    found = applicable(LAW, facts)
    garante = found.option("regulator_image_report")
    assert garante is not None and garante.clock == "48 hours" and garante.missing == ()
    assert applicable(LAW, replace(facts, survivor_country="FR")).option("regulator_image_report") is None


def test_published_selfie_on_a_large_platform() -> None:
    found = applicable(LAW, PLATFORM)
    assert ids(found)[0] == "us_tida" and "tos_report" in ids(found)
    assert {"search_google", "search_bing"} <= set(ids(found))
    assert ids(found)[-1] == "us_dmca_512c"
    dmca = found.option("us_dmca_512c")
    assert dmca is not None and "R3_owner" in dmca.rules and dmca.missing == ()


@pytest.mark.parametrize(
    ("country", "first"),
    [("IN", "in_rule_3_2_b"), ("GB-EAW", "uk_osa_report"), ("US", "us_tida"), ("DE", "us_tida"), ("BR", "us_tida")],
)
def test_the_fastest_clock_of_the_law_comes_first(country: str, first: str) -> None:
    assert ids(applicable(LAW, replace(PLATFORM, survivor_country=country)))[0] == first


@pytest.mark.parametrize(
    ("country", "there", "not_there"),
    [
        ("DE", {"eu_dsa_art16", "gdpr_erasure"}, {"uk_osa_report", "in_rule_3_2_b", "br_mci_art21"}),
        ("AT", {"eu_dsa_art16", "gdpr_erasure"}, {"uk_gdpr_erasure"}),
        ("GB", {"uk_osa_report", "uk_gdpr_erasure"}, {"eu_dsa_art16", "gdpr_erasure"}),
        ("BR", {"br_mci_art21"}, {"eu_dsa_art16"}),
        ("AU", {"au_esafety_complaint"}, {"nz_hdca_s24"}),
        ("NZ", {"nz_hdca_s24"}, {"au_esafety_complaint"}),
        ("KR", {"kr_deletion_request", "hotline_report_adult"}, {"jp_removal_request"}),
        ("JP", {"jp_removal_request"}, {"kr_deletion_request"}),
        ("CA-BC", {"ca_bc_crt"}, {"au_esafety_complaint"}),
        ("US", {"us_tida"}, {"ca_bc_crt", "eu_dsa_art16"}),
    ],
)
def test_the_law_follows_where_she_lives(country: str, there: set[str], not_there: set[str]) -> None:
    found = set(ids(applicable(LAW, replace(PLATFORM, survivor_country=country))))
    assert there <= found and not not_there & found


def test_the_host_s_country_makes_a_link_too() -> None:
    assert applicable(LAW, PLATFORM, "origin_host").option("eu_dsa_art16") is None
    option = applicable(LAW, replace(PLATFORM, host_country="NL"), "origin_host").option("eu_dsa_art16")
    assert option is not None and option.missing == () and option.roles == ("origin_host",)


def test_a_country_whose_part_is_wanted_leaves_it_open() -> None:
    option = applicable(LAW, replace(PLATFORM, survivor_country="CA")).option("ca_bc_crt")
    assert option is not None and option.missing


@pytest.mark.parametrize("acquisition", ["covert_recording", "unauthorised_access", "consensual_coproduction"])
def test_published_and_taken_by_somebody_else(acquisition: str) -> None:
    facts = replace(PLATFORM, acquisition=acquisition, pressed_shutter="unknown")
    found = applicable(LAW, facts)
    assert why(found, "us_dmca_512c") == "R6_not_the_author"
    assert "us_tida" in ids(found)
    assert applicable(LAW, replace(facts, assignment="yes")).option("us_dmca_512c") is not None


def test_the_shutter_test() -> None:
    assert copyright_owner(PLATFORM, LAW) == "survivor"
    assert copyright_owner(replace(PLATFORM, pressed_shutter="no"), LAW) == "other"
    asked = replace(PLATFORM, pressed_shutter="unknown")
    assert copyright_owner(asked, LAW) == "unknown"
    option = applicable(LAW, asked).option("us_dmca_512c")
    assert option is not None and any("pressed the shutter" in line for line in option.missing)
    assert copyright_owner(replace(PLATFORM, content_nature="altered"), LAW) == "other"


def test_published_and_synthetic() -> None:
    found = applicable(LAW, replace(PLATFORM, content_nature="fully_synthetic", survivor_country="ES"))
    assert why(found, "us_dmca_512c") == "R5_synthetic"
    assert {"us_tida", "gdpr_erasure", "eu_dsa_art16"} <= set(ids(found))
    assert "R5_synthetic" in found.rules
    assert LAW.offence("ES", synthetic=True) == "" and LAW.offence("FR", synthetic=True)


def test_a_recorded_assault_goes_to_the_police_first_where_she_wants_that() -> None:
    facts = replace(PLATFORM, acquisition="coerced_or_assault", pressed_shutter="no", police_wanted="yes", hold=True)
    found = applicable(LAW, facts)
    assert ids(found)[0] == "police_report" and not found.allowed[0].held
    held = {one.notice_type: one.held for one in found.allowed}
    assert held["us_tida"] and held["search_google"] and not held["hash_bank_submission"]
    spared = applicable(LAW, replace(facts, hold_spares_search=True))
    assert {one.notice_type: one.held for one in spared.allowed}["search_google"] is False
    refused = applicable(LAW, replace(facts, police_wanted="no"))
    assert refused.option("police_report") is None


def test_a_leak_of_paid_content() -> None:
    facts = replace(PLATFORM, abuse_type="commercial_content_leak", paid_for="yes", site_type="tube_site")
    found = applicable(LAW, facts)
    assert found.option("search_google") is None
    assert "us_dmca_512c" in ids(found) and ids(found)[-1] != "us_dmca_512c"
    assert "payment_network" in ids(found)


@pytest.mark.parametrize(
    "facts",
    [
        replace(PLATFORM, site_type="ncii_dedicated"), replace(PLATFORM, site_type="onion"),
        replace(PLATFORM, site_type="ugc_forum", hostility="hostile_or_extortionate"),
    ],
)  # fmt: skip
def test_a_site_that_lives_from_it_is_never_written_to(facts: Facts) -> None:
    found = applicable(LAW, replace(facts, survivor_country="FR"))
    for one in found.allowed:
        assert "site_operator" not in one.roles
    assert applicable(LAW, facts, "site_operator").allowed == ()
    assert why(found, "us_tida") == why(found, "tos_report") == "S3_hostile"
    host = applicable(LAW, facts, "origin_host").option("generic_host_abuse")
    assert host is not None and host.after_hours == 0
    assert {"search_google", "generic_host_abuse"} <= set(ids(found))


def test_it_came_back() -> None:
    facts = replace(PLATFORM, site_type="paste_or_mirror", publication_state="reappeared", returns=1, asked="yes")
    found = applicable(LAW, facts)
    assert why(found, "us_tida") == "R8_return"
    hours = {one.notice_type: one.after_hours for one in found.allowed}
    assert hours["generic_host_abuse"] == 0 and hours["registrar_abuse"] == 168
    twice = {one.notice_type: one.after_hours for one in applicable(LAW, replace(facts, returns=2)).allowed}
    assert twice["registrar_abuse"] == 0


@pytest.mark.parametrize(
    ("party", "word"), [("operator", "site_operator"), ("platform", "site_operator"), ("host", "origin_host")]
)
def test_a_party_may_be_called_as_in_its_dossier(party: str, word: str) -> None:
    assert applicable(LAW, PLATFORM, party) == applicable(LAW, PLATFORM, word)
    assert applicable(LAW, PLATFORM, party).allowed


def test_a_channel_of_a_messenger() -> None:
    found = applicable(LAW, replace(PLATFORM, site_type="messenger_channel"))
    assert {"tos_report", "us_tida"} <= set(ids(found))


def test_a_regulator_waits_where_its_law_wants_the_platform_asked_first() -> None:
    spain = replace(PLATFORM, survivor_country="ES", asked="no")
    refused = next(one for one in applicable(LAW, spain).refused if one.notice_type == "regulator_image_report")
    assert refused.later
    assert applicable(LAW, replace(spain, asked="yes")).option("regulator_image_report") is not None
    assert applicable(LAW, replace(spain, survivor_country="AU")).option("au_esafety_complaint") is not None
    ftc = next(one for one in applicable(LAW, spain).refused if one.notice_type == "us_ftc_complaint")
    assert ftc.later


def test_a_trusted_flagger_is_one_or_is_not() -> None:
    facts = replace(PLATFORM, survivor_country="DE")
    assert applicable(LAW, facts).option("eu_dsa_trusted_flagger") is None
    assert applicable(LAW, replace(facts, trusted_flagger=True)).option("eu_dsa_trusted_flagger") is not None


def test_a_domain_of_a_large_platform_is_not_for_its_registrar() -> None:
    assert applicable(LAW, replace(PLATFORM, asked="yes"), "registrar").option("registrar_abuse") is None
    forum = replace(PLATFORM, asked="yes", site_type="ugc_forum")
    assert applicable(LAW, forum, "registrar").option("registrar_abuse") is not None


words: dict[str, list[Any]] = {
    "age": [*LAW.words["depicted_age_at_capture"]], "publication_state": [*LAW.words["publication_state"]],
    "content_nature": [*LAW.words["content_nature"]], "acquisition": ["", *LAW.words["acquisition_path"]],
    "abuse_type": ["", *LAW.words["abuse_type"]], "motive": [*LAW.words["motive"]],
    "site_type": ["", *LAW.words["site_type"]], "hostility": [*LAW.words["site_hostility"]],
    "survivor_country": ["", "ZZ", "se", *LAW.jurisdictions], "recipient_country": ["", "RU", "US", "DE", "GB"],
    "host_country": ["", "NL", "US"], "returns": [0, 1, 2],
    **{
        name: ["yes", "no", "unknown"]
        for name in ("pressed_shutter", "assignment", "asked", "paid_for", "has_file", "police_wanted")
    },
    **{
        name: [False, True]
        for name in ("danger", "trusted_flagger", "minor_clearance", "hold", "hold_spares_search")
    },
}  # fmt: skip
cases = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in words.items()}).map(
    lambda chosen: Facts(**chosen)
)


@settings(max_examples=1_000, deadline=None)
@given(cases, st.sampled_from(["", *LAW.words["infrastructure_role"], *LAW.words["recipient_role"]]))
def test_the_lines_that_are_never_crossed(facts: Facts, role: str) -> None:
    found = applicable(LAW, facts, role)
    assert found == applicable(LAW, facts, role)
    for one in found.allowed:
        assert not facts.danger
        assert not role or one.roles == (role,)
        if facts.age != "adult" and not facts.minor_clearance:
            assert one.notice_type in ("csam_hotline_report", "police_report", "hash_bank_submission", "tos_report")
        if facts.site_type in ("ncii_dedicated", "onion") or facts.hostility == "hostile_or_extortionate":
            assert "site_operator" not in one.roles
        if one.notice_type == "us_dmca_512c" and not one.missing:
            assert copyright_owner(facts, LAW) == "survivor" and facts.content_nature == "authentic"
        if facts.publication_state == "threatened_only":
            assert not set(one.roles) & {"origin_host", "cdn", "registrar", "search", "payment"}
        if facts.police_wanted == "no" and facts.age == "adult":
            assert one.notice_type != "police_report"
        assert one.clock == "" or one.notice_type not in LAW.no_clock
    everything = {one.notice_type for one in found.allowed} | {one.notice_type for one in found.refused}
    if not facts.danger and not role:
        assert everything == set(LAW.notices)
