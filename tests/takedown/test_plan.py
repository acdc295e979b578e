"""Who is asked, in what order, and who never is."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.law import load
from efface.takedown.plan import CaseFacts, FindingFacts, Outcome, Plan, plan
from efface.whereabouts.model import Contact, Dossier, Party, PartyRole

LAW = load()
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CASE = CaseFacts(age="adult", country="DE", content_nature="authentic")
FINDING = FindingFacts(confirmed=NOON, age="adult", site_type="tube_site")


def mail(value: str, confidence: float = 0.8, source: str = "rdap") -> Contact:
    return Contact("email", value, source, confidence=confidence)


OPERATOR = Party("operator", "operator:bad.example", contacts=[mail("dmca@bad.example", 0.9, "page")])
HOST = Party("host", "host:AS64500", "Host", covers=["bad.example"], contacts=[mail("abuse@host.example")])
CDN = Party("cdn", "cdn:quick", "Quick", covers=["img.bad.example"], contacts=[mail("abuse@quick.example")])
UPSTREAM = Party("upstream", "upstream:AS64501", contacts=[mail("abuse@up.example")])
REGISTRAR = Party("registrar", "registrar:9", contacts=[mail("abuse@names.example", 0.9)])
GOOGLE = Party(
    "search", "search:google", "Google",
    contacts=[Contact("form", "https://search.example/form", "playbook:search_google", confidence=0.95)],
)  # fmt: skip
EVERYBODY = [OPERATOR, HOST, CDN, UPSTREAM, REGISTRAR, GOOGLE]


def dossier(*parties: Party, behind: str = "") -> Dossier:
    return Dossier("https://bad.example/v/1", "bad.example", "bad.example", behind_cdn=behind, parties=list(parties))


def make(
    case: CaseFacts = CASE,
    finding: FindingFacts = FINDING,
    parties: list[Party] = EVERYBODY,
    delivery: dict[str, str] | None = None,
    outcomes: dict[tuple[str, str], Outcome] | None = None,
    behind: str = "",
) -> Plan:
    return plan(case, finding, dossier(*parties, behind=behind), LAW, delivery or {}, outcomes or {}, NOON)


def roles(made: Plan) -> list[str]:
    return [route.role for route in made.routes]


def offsets(made: Plan) -> dict[str, float]:
    return {route.role: route.offset / timedelta(hours=1) for route in made.routes}


def test_the_calm_ladder() -> None:
    made = make()
    assert roles(made) == ["operator", "search", "host", "cdn", "upstream", "registrar"]
    assert offsets(made) == {"operator": 0, "search": 0, "host": 48, "cdn": 48, "upstream": 120, "registrar": 168}
    assert [route.step for route in made.routes] == [1, 2, 3, 4, 5, 6]
    assert all("S4_consent" in route.rules and route.why for route in made.routes)


def test_each_party_gets_its_notice_and_only_the_statute_its_clock() -> None:
    made = make()
    assert {route.role: route.notice_type for route in made.routes} == {
        "operator": "us_tida", "search": "search_google", "host": "eu_dsa_art16", "cdn": "generic_host_abuse",
        "upstream": "generic_host_abuse", "registrar": "registrar_abuse",
    }  # fmt: skip
    assert {route.role: route.clock_hours for route in made.routes if route.clock_hours is not None} == {"operator": 48}
    assert made.routes[0].clock_basis == "47 U.S.C. 223a(a)(3)"


@pytest.mark.parametrize(
    ("country", "site_type", "expected"),
    [("", "tube_site", "us_tida"), ("US", "ugc_forum", "us_tida"), ("DE", "tube_site", "eu_dsa_art16"),
     ("US", "search_engine", "eu_dsa_art16")],
)  # fmt: skip
def test_an_operator_gets_the_law_that_can_bind_it(country: str, site_type: str, expected: str) -> None:
    made = make(finding=replace(FINDING, site_type=site_type), parties=[replace(OPERATOR, country=country), GOOGLE])
    assert next(route.notice_type for route in made.routes if route.role == "operator") == expected


def test_a_hidden_origin_brings_the_cdn_to_the_front() -> None:
    made = make(parties=[OPERATOR, CDN, REGISTRAR, GOOGLE], behind="Quick")
    assert offsets(made)["cdn"] == 0
    known = make(behind="Quick")
    assert offsets(known)["cdn"] == 48


def test_without_an_operator_the_host_need_not_wait() -> None:
    assert offsets(make(parties=[HOST, GOOGLE]))["host"] == 0


@pytest.mark.parametrize("change", [{"hostility": "hostile_or_extortionate"}, {"site_type": "ncii_dedicated"},
                                    {"site_type": "onion"}])  # fmt: skip
def test_a_hostile_operator_is_never_written_to(change: dict[str, Any]) -> None:
    made = make(finding=replace(FINDING, **change))
    assert "operator" not in roles(made)
    assert offsets(made)["host"] == 0 and offsets(made)["cdn"] == 0
    assert any(one.role == "operator" and one.rule == "S3_hostile" for one in made.withheld)
    assert any("Never pay" in line for line in made.advice)


def test_a_hostile_operator_is_not_written_to_under_another_name() -> None:
    finding = replace(FINDING, hostility="hostile_or_extortionate")
    own = replace(HOST, contacts=[mail("abuse@ns.bad.example")])
    shared = replace(UPSTREAM, contacts=[mail("DMCA@bad.example")])
    made = make(finding=finding, parties=[OPERATOR, own, shared, GOOGLE])
    assert roles(made) == ["search"]
    assert {one.role for one in made.withheld if one.person} == {"host", "upstream"}
    assert "host" in roles(make(parties=[OPERATOR, own, GOOGLE]))


def test_a_price_for_a_removal_makes_the_operator_hostile() -> None:
    asked = replace(dossier(*EVERYBODY), signs=["paid-removal: Removal fee: $299"])
    made = plan(CASE, FINDING, asked, LAW, {}, {}, NOON)
    assert "operator" not in roles(made) and offsets(made)["host"] == 0


def test_her_own_address_is_never_a_contact() -> None:
    made = make(case=replace(CASE, hers=frozenset({"dmca@bad.example"})))
    assert "operator" not in roles(made) and any("her own" in one.why for one in made.withheld)


def test_danger_stops_everything_and_names_the_crisis_lines() -> None:
    made = make(case=replace(CASE, danger=True))
    assert made.stop is not None and made.stop.rule == "S0_danger" and not made.routes
    assert any("116 016" in desk for desk in made.stop.desks)


@pytest.mark.parametrize("age", ["minor", "unknown_treat_as_minor"])
@pytest.mark.parametrize("which", ["case", "finding"])
def test_a_minor_or_an_unknown_age_stops_with_reason_and_hotline_only(age: Any, which: str) -> None:
    made = make(
        case=replace(CASE, age=age) if which == "case" else CASE,
        finding=replace(FINDING, age=age) if which == "finding" else FINDING,
    )
    assert made.stop is not None and made.stop.rule == "S1_minor"
    assert made.stop.reason and any("beschwerdestelle" in desk for desk in made.stop.desks)
    assert not made.routes and not made.withheld


def test_the_facts_default_to_the_safe_side() -> None:
    made = make(case=CaseFacts(), finding=FindingFacts(confirmed=NOON))
    assert made.stop is not None and made.stop.rule == "S1_minor"


def test_a_written_clearance_opens_the_way() -> None:
    assert make(case=replace(CASE, age="minor", minor_clearance=True)).routes


def test_a_threat_alone_sends_nothing() -> None:
    made = make(case=replace(CASE, publication_state="threatened_only"))
    assert made.stop is not None and made.stop.rule == "R1_threat_only" and not made.routes


def test_a_suspects_contact_is_never_used_in_any_role() -> None:
    case = replace(CASE, suspects=frozenset({"dmca@bad.example", "host.example"}))
    made = make(case=case)
    assert "operator" not in roles(made) and "host" not in roles(made)
    assert {one.rule for one in made.withheld if one.role in ("operator", "host")} == {"S5_suspect"}
    other = replace(HOST, contacts=[mail("abuse@host.example", 0.9), mail("legal@elsewhere.example", 0.2)])
    chosen = {route.role: route.contact for route in make(case=case, parties=[other, GOOGLE]).routes}
    assert chosen["host"] == "legal@elsewhere.example"


def test_a_dead_contact_gives_way_to_the_next_best() -> None:
    party = replace(HOST, contacts=[mail("abuse@host.example", 0.85), mail("noc@host.example", 0.4)])
    chosen = make(parties=[party, GOOGLE]).routes
    assert next(route for route in chosen if route.role == "host").alternatives == ("noc@host.example",)
    made = make(parties=[party, GOOGLE], delivery={"abuse@host.example": "hard_bounce"})
    assert {route.role: route.contact for route in made.routes}["host"] == "noc@host.example"
    dead = {"abuse@host.example": "hard_bounce", "noc@host.example": "policy_reject"}
    gone = make(parties=[party, GOOGLE], delivery=dead)
    assert "host" not in roles(gone) and any(one.why == "every contact bounced" and one.person for one in gone.withheld)


def test_a_full_mailbox_falls_behind_and_one_that_complied_comes_forward() -> None:
    party = replace(HOST, contacts=[mail("a@host.example", 0.8), mail("b@host.example", 0.6)])
    made = make(parties=[party, GOOGLE], delivery={"a@host.example": "full"})
    assert {route.role: route.contact for route in made.routes}["host"] == "b@host.example"
    made = make(parties=[party, GOOGLE], delivery={"b@host.example": "complied"})
    assert {route.role: route.contact for route in made.routes}["host"] == "b@host.example"


def test_at_most_two_guessed_mailboxes_ever() -> None:
    names = ["abuse", "postmaster", "webmaster", "dmca"]
    guesses = [mail(f"{name}@x.example", 0.25, "role-mailbox") for name in names]
    party = Party("operator", "operator:x.example", contacts=guesses)
    tried: list[str] = []
    delivery: dict[str, str] = {}
    for _ in range(5):
        made = make(parties=[party, GOOGLE], delivery=delivery)
        route = next((one for one in made.routes if one.role == "operator"), None)
        if route is None:
            break
        assert len(route.alternatives) + 1 + len(tried) <= 2
        tried.append(route.contact)
        delivery[route.contact] = "hard_bounce"
    assert len(tried) == 2


GUESSES = Party("operator", "operator:x.example", contacts=[
    mail(f"{name}@x.example", 0.25, "role-mailbox") for name in ("abuse", "postmaster", "webmaster", "dmca")
])  # fmt: skip


@pytest.mark.parametrize("became", ["accepted", "auto_ack", "silent", "soft_bounce", "full", "hard_bounce"])
def test_a_guess_that_was_written_to_counts_whatever_became_of_it(became: str) -> None:
    tried = {"abuse@x.example", "dmca@x.example"}
    made = make(parties=[GUESSES, GOOGLE], delivery=dict.fromkeys(tried, became))
    written = {value for one in made.routes if one.role == "operator" for value in (one.contact, *one.alternatives)}
    assert written <= tried


def test_guesses_of_an_earlier_dossier_count_too() -> None:
    """What was tried for another case is not in this dossier any more."""
    spent = {GUESSES.key: frozenset({"help@x.example", "info@x.example"})}
    made = plan(CASE, FINDING, dossier(GUESSES, GOOGLE), LAW, {}, {}, NOON, spent)
    assert roles(made) == ["search"]
    assert {one.role: one.why for one in made.withheld} == {"operator": "two guesses were tried already"}


def test_an_address_that_somebody_published_is_no_guess() -> None:
    party = replace(GUESSES, contacts=[*GUESSES.contacts, mail("Dmca@x.example", 0.9, "page")])
    spent = {GUESSES.key: frozenset({"abuse@x.example", "webmaster@x.example"})}
    made = plan(CASE, FINDING, dossier(party, GOOGLE), LAW, {}, {}, NOON, spent)
    route = next(one for one in made.routes if one.role == "operator")
    assert route.contact == "Dmca@x.example"


@given(
    st.lists(st.sampled_from(["hard_bounce", "full", "silent", "accepted", "policy_reject"]), max_size=8),
    st.randoms(use_true_random=False),
)
def test_however_mailboxes_fail_two_guesses_are_the_most(fates: list[str], chance: random.Random) -> None:
    """Case after case, with the dossier's guesses in another order and number each time."""
    tried: set[str] = set()
    delivery: dict[str, str] = {}
    for fate in fates:
        contacts = chance.sample(list(GUESSES.contacts), chance.randint(1, 4))
        party = replace(GUESSES, contacts=[replace(one, confidence=chance.uniform(0.1, 0.4)) for one in contacts])
        made = plan(CASE, FINDING, dossier(party, GOOGLE), LAW, delivery, {}, NOON, {party.key: frozenset(tried)})
        for route in made.routes:
            if route.role == "operator":
                tried.add(route.contact)
                delivery[route.contact] = fate
    assert len(tried) <= 2


def test_a_privacy_proxy_is_not_a_contact() -> None:
    party = replace(OPERATOR, contacts=[mail("abc@privacy.example", 0.05)])
    assert "operator" not in roles(make(parties=[party, GOOGLE]))


def test_a_return_goes_straight_to_the_host_and_the_second_also_to_the_registrar() -> None:
    once = make(finding=replace(FINDING, returns=1))
    assert "operator" not in roles(once) and offsets(once)["host"] == 0 and offsets(once)["registrar"] == 168
    twice = make(finding=replace(FINDING, returns=2))
    assert offsets(twice)["registrar"] == 0


def test_a_police_hold_moves_what_it_must_and_nothing_else() -> None:
    until = NOON + timedelta(hours=72)
    made = make(case=replace(CASE, hold_until=until, hold_spares_search=True))
    starts = {route.role: route.starts for route in made.routes}
    assert starts["search"] == NOON and starts["operator"] == until and starts["host"] == until
    assert starts["registrar"] == NOON + timedelta(days=7)
    held = {route.role: route.starts for route in make(case=replace(CASE, hold_until=until)).routes}
    assert held["search"] == until
    over = {route.role: route.starts for route in make(case=replace(CASE, hold_until=NOON - timedelta(hours=1))).routes}
    assert over["operator"] == NOON


def test_only_who_still_serves_something_is_asked() -> None:
    made = make(finding=replace(FINDING, remaining=frozenset({"img.bad.example"})))
    assert "host" not in roles(made) and "cdn" in roles(made) and "search" in roles(made)


def test_a_large_platform_is_not_reported_to_its_registrar() -> None:
    assert "registrar" not in roles(make(finding=replace(FINDING, site_type="major_platform")))


def test_two_parties_behind_one_mailbox_get_one_notice() -> None:
    same = replace(UPSTREAM, contacts=[mail("ABUSE@host.example")])
    made = make(parties=[OPERATOR, HOST, same, GOOGLE])
    assert roles(made) == ["operator", "search", "host"]
    assert any("the same contact as host:AS64500" in one.why for one in made.withheld)


def test_past_success_orders_parties_of_one_step() -> None:
    second = Party("host", "host:AS64999", covers=["bad.example"], contacts=[mail("abuse@b.example")])
    first = make(parties=[HOST, second, GOOGLE])
    assert [route.party_key for route in first.routes if route.role == "host"] == ["host:AS64500", "host:AS64999"]
    better = {("host:AS64999", "eu_dsa_art16"): Outcome(10, 9), ("role:host", "eu_dsa_art16"): Outcome(50, 10)}
    made = make(parties=[HOST, second, GOOGLE], outcomes=better)
    assert [route.party_key for route in made.routes if route.role == "host"] == ["host:AS64999", "host:AS64500"]


def test_a_form_is_opened_only_at_a_desk_of_the_playbook() -> None:
    party = replace(OPERATOR, contacts=[Contact("form", "https://bad.example/report", "page-form", confidence=0.8)])
    made = {route.role: route for route in make(parties=[party, GOOGLE]).routes}
    assert made["search"].opens_form and not made["operator"].opens_form


def test_police_payment_and_regulators_are_for_a_person() -> None:
    told: list[PartyRole] = ["police", "payment", "ads", "regulator", "hotline", "isp", "platform"]
    made = make(parties=[GOOGLE, *(Party(role, f"{role}:x", contacts=[mail("a@b.example")]) for role in told)])
    assert roles(made) == ["search"]
    assert len([one for one in made.withheld if one.person]) == 7
    assert any("Bundesnetzagentur" in line for line in made.advice)


@given(st.permutations(EVERYBODY), st.integers(0, 2**16))
def test_the_order_of_what_was_found_changes_nothing(parties: list[Party], seed: int) -> None:
    shuffled = random.Random(seed)
    mixed = [replace(one, contacts=shuffled.sample(one.contacts, len(one.contacts))) for one in parties]
    assert make(parties=mixed) == make()


HOSTILITIES = ["cooperative", "unresponsive", "hostile_or_extortionate", "unknown"]


@given(
    st.sampled_from(["adult", "minor", "unknown_treat_as_minor"]),
    st.sampled_from(["adult", "minor", "unknown_treat_as_minor"]),
    st.sampled_from(HOSTILITIES),
    st.sampled_from(sorted(LAW.words["site_type"])),
    st.booleans(),
    st.integers(0, 3),
    st.sets(st.sampled_from([one.contacts[0].value for one in EVERYBODY])),
)
def test_safety_holds_whatever_the_facts(
    case_age: Any, age: Any, hostility: str, site_type: str, danger: bool, returns: int, dead: set[str]
) -> None:
    case = replace(CASE, age=case_age, danger=danger)
    finding = replace(FINDING, age=age, hostility=hostility, site_type=site_type, returns=returns)
    made = make(case=case, finding=finding, delivery=dict.fromkeys(dead, "hard_bounce"))
    if danger or case_age != "adult" or age != "adult":
        assert made.stop is not None and made.routes == ()
        return
    contacts = [route.contact for route in made.routes]
    assert len(contacts) == len(set(contacts)) and not set(contacts) & dead
    if hostility == "hostile_or_extortionate" or site_type in ("ncii_dedicated", "onion"):
        assert not any(value.endswith("bad.example") for value in contacts)
    for first, second in itertools.pairwise(made.routes):
        assert first.starts <= second.starts
    if GOOGLE.contacts[0].value not in dead:
        assert "search" in roles(made)
