"""Which contact comes first: agreement, age, delivery and outcome count; dead ones do not; guesses are few."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.whereabouts.beta import below, quantile, share
from efface.whereabouts.ranking import (
    DELIVERY,
    HALF_LIFE_DAYS,
    Delivered,
    Observation,
    Ranking,
    Tallies,
    Tally,
    family,
    logit,
    rank,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def seen(
    value: str, source: str = "rdap-ip", confidence: float = 0.7, days: float = 0, party: str = "host:AS1"
) -> Observation:
    return Observation(
        party, "form" if "://" in value else "email", value, source, confidence, NOW - timedelta(days=days)
    )


def values(ranking: Ranking) -> list[str]:
    return [one.value for one in ranking.contacts]


def told(state: str, days: float = 0) -> Delivered:
    return Delivered(state, NOW - timedelta(days=days))


def test_independent_sources_outweigh_one_and_copies_of_one_do_not() -> None:
    agreed = [seen("a@x.net", "rdap-ip"), seen("a@x.net", "page-abuse"), seen("b@x.net", "rdap-ip", 0.75)]
    assert values(rank(agreed, NOW)) == ["a@x.net", "b@x.net"]
    copies = [
        seen("a@x.net", "rdap-ip"),
        seen("a@x.net", "whois"),
        seen("a@x.net", "rdap-autnum"),
        seen("b@x.net", "rdap-ip", 0.75),
    ]
    assert values(rank(copies, NOW)) == ["b@x.net", "a@x.net"]
    assert "also named by registry" in " ".join(rank(agreed, NOW).contacts[0].reasons)


@pytest.mark.parametrize(
    ("source", "kind"), [("rdap-ip", "registry"), ("page-contact", "page"), ("role-mailbox", "guess")]
)
def test_the_odds_of_an_observation_halve_with_its_half_life(source: str, kind: str) -> None:
    fresh = rank([seen("a@x.net", source, 0.6)], NOW).contacts[0].score
    old = rank([seen("a@x.net", source, 0.6, HALF_LIFE_DAYS[kind])], NOW).contacts[0].score
    assert logit(fresh) - logit(old) == pytest.approx(0.6931, abs=0.01)
    assert (HALF_LIFE_DAYS["registry"], HALF_LIFE_DAYS["page"], HALF_LIFE_DAYS["guess"]) == (90, 60, 30)


def test_a_dead_contact_is_never_in_the_order_and_the_next_best_takes_its_place() -> None:
    both = [seen("a@x.net", confidence=0.9), seen("b@x.net", confidence=0.6)]
    found = rank(both, NOW, {("email", "a@x.net"): told("hard", 400)})
    assert values(found) == ["b@x.net"] and [one.value for one in found.dead] == ["a@x.net"]


def test_where_all_are_dead_the_network_above_is_asked() -> None:
    above = [
        seen("noc@transit.net", "rdap-autnum", 0.7, party="upstream:AS2"),
        seen("abuse@transit.net", "role-mailbox", 0.25, party="upstream:AS2"),
    ]
    own = [seen("a@x.net")]
    assert values(rank(own, NOW, parents=above)) == ["a@x.net"]
    found = rank(own, NOW, {("email", "a@x.net"): told("hard")}, parents=above)
    assert [(one.value, one.instead_of) for one in found.contacts] == [("noc@transit.net", "host:AS1")]
    assert "network above" in found.contacts[0].reasons[0]
    full = rank(own, NOW, {("email", "a@x.net"): told("full")}, parents=above)
    assert values(full) == ["a@x.net", "noc@transit.net"]
    assert values(rank([], NOW, parents=above)) == ["noc@transit.net"]


def test_at_most_two_guesses_and_those_that_bounced_are_spent() -> None:
    guesses = [seen(f"{box}@x.net", "role-mailbox", 0.25) for box in ("abuse", "webmaster", "postmaster", "dmca")]
    found = rank(guesses, NOW)
    assert len(found.contacts) == 2 and len(found.held_back) == 2 and all(one.guess for one in found.contacts)
    spent = rank(guesses, NOW, {("email", "abuse@x.net"): told("hard"), ("email", "dmca@x.net"): told("hard")})
    assert values(spent) == [] and len(spent.dead) == 2
    published = rank([*guesses, seen("abuse@x.net", "page-abuse", 0.9)], NOW)
    assert values(published)[0] == "abuse@x.net" and not published.contacts[0].guess


def test_what_mail_met_moves_a_contact_and_fades() -> None:
    base = [seen("a@x.net"), seen("b@x.net")]

    def first(state: str, days: float = 0) -> str:
        return values(rank(base, NOW, {("email", "b@x.net"): told(state, days)}))[0]

    assert first("complied") == first("replied") == first("accepted") == "b@x.net"
    assert first("silent") == first("soft") == first("full") == first("policy") == "a@x.net"
    fresh = rank(base, NOW, {("email", "b@x.net"): told("complied")}).contacts[0].score
    assert rank(base, NOW, {("email", "b@x.net"): told("complied", 360)}).contacts[0].score < fresh
    order = ["complied", "replied", "acknowledged", "accepted", "untested", "silent", "soft", "full", "policy", "hard"]
    assert [DELIVERY[state] for state in order] == sorted((DELIVERY[state] for state in order), reverse=True)


def test_outcomes_are_drawn_towards_provider_and_role_and_told_with_n() -> None:
    base = [seen("a@x.net"), seen("https://x.net/form", "rdap-ip")]
    tallies = Tallies(
        {("email", "a@x.net"): Tally(40, 2), ("form", "https://x.net/form"): Tally(40, 36)},
        Tally(80, 38),
        Tally(1000, 500),
    )
    found = rank(base, NOW, tallies=tallies)
    assert values(found)[0] == "https://x.net/form"
    assert found.contacts[0].removal.n == 40 and "n=40" in " ".join(found.contacts[0].reasons)
    assert found.contacts[0].removal.low < 0.9 < found.contacts[0].removal.high
    one = rank(base, NOW, tallies=Tallies({("email", "a@x.net"): Tally(1, 0)}, role=Tally(1000, 900))).contacts
    few = next(item for item in one if item.value == "a@x.net")
    assert 0.6 < few.removal.mean < 0.9, "one failure hardly speaks against a role that mostly helps"


def test_families() -> None:
    assert family("playbook:cdn_cloudflare") == "playbook" and family("whois") == family("rdap-registrar")
    assert family("answer:upstream:AS2") == "answer" and family("anything") == "other"


observations = st.lists(
    st.builds(
        seen,
        st.sampled_from(["a@x.net", "B@X.net", "b@x.net", "https://x.net/f"]),
        st.sampled_from(["rdap-ip", "page-abuse", "role-mailbox", "soa", "whois", "odd"]),
        st.floats(0, 1),
        st.floats(-10, 4000),
    ),
    max_size=12,
)
news = st.dictionaries(
    st.sampled_from([("email", "a@x.net"), ("email", "b@x.net"), ("form", "https://x.net/f")]),
    st.builds(told, st.sampled_from([*DELIVERY, "nonsense"]), st.floats(-5, 4000)),
)


@given(observations, news, st.randoms())
def test_the_order_of_observations_does_not_matter_and_nothing_is_lost(
    many: list[Observation], delivery: dict[tuple[str, str], Delivered], random: object
) -> None:
    found = rank(many, NOW, delivery)
    shuffled = many[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(shuffled, NOW, delivery) == found
    places = [*found.contacts, *found.dead, *found.held_back]
    assert {(one.channel, one.value) for one in places} == {(one.channel, one.value.lower()) for one in many}
    assert len(places) == len({(one.channel, one.value) for one in places})
    assert all(0 <= one.score <= 1 for one in places)
    assert sum(one.guess for one in found.contacts) <= 2
    assert [one.score for one in found.contacts] == sorted((one.score for one in found.contacts), reverse=True)


def test_the_interval_is_the_beta_distributions() -> None:
    # Beta(1, 1) is uniform; Beta(2, 3) at 1/2 is 11/16; symmetric ones have their median in the middle.
    assert quantile(0.05, 1, 1) == pytest.approx(0.05, abs=1e-5)
    assert below(0.5, 2, 3) == pytest.approx(11 / 16, abs=1e-9)
    assert quantile(0.5, 7.5, 7.5) == pytest.approx(0.5, abs=1e-5)
    wide, narrow = share(1, 2), share(500, 1000)
    assert wide.high - wide.low > narrow.high - narrow.low and narrow.low < 0.5 < narrow.high
    for wrong in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="hits"):
            share(*wrong)


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0, 1), st.floats(0.1, 50))
def test_a_share_lies_in_its_interval(hits: int, more: int, prior: float, strength: float) -> None:
    made = share(hits, hits + more, prior, strength)
    assert 0 <= made.low <= made.high <= 1 and made.n == hits + more
    assert 0 < made.mean < 1
