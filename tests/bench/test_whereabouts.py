"""The bench of look-ups: it counts what is right, and sees what is wrong."""

from dataclasses import replace

import pytest

from bench.whereabouts import judge, run
from efface.whereabouts.model import Contact, Dossier, Party
from testbed.lookups.build import build


def perfect(world, site):  # type: ignore[no-untyped-def]
    from testbed.lookups.truth import truth

    parties = []
    for one in truth(world, site).parties:
        key = f"{one.what}:x" if one.role == "isp" else f"{one.role}:{len(parties)}"
        contacts = [Contact("email", value, "x", confidence=0.9) for value in sorted(one.right)]
        parties.append(Party(one.role, key, covers=[one.covers] if one.covers else [], contacts=contacts))
    return Dossier("u", site.place.host, site.domain, parties=parties)


def test_a_perfect_answer_is_perfect_and_a_planted_mistake_is_seen() -> None:
    world = build(9, 60)
    dossiers = {site.domain: perfect(world, site) for site in world.sites}
    score = judge(world, dossiers)
    assert score.wrong == [] and all(one.at_1 == one.parties for one in score.by_party.values())
    site = next(one for one in world.sites if one.traps.get("honeypot") and one.where == "contact")
    trap = Contact("email", site.traps["honeypot"], "page-contact", confidence=0.9)
    good = dossiers[site.domain]
    operator = next(one for one in good.parties if one.role == "operator")
    worse = replace(operator, contacts=[trap, *operator.contacts])
    dossiers[site.domain] = replace(good, parties=[worse, *(one for one in good.parties if one is not operator)])
    score = judge(world, dossiers)
    assert len(score.wrong) == 1 and site.traps["honeypot"] in score.wrong[0]
    counted = score.by_party["operator"]
    assert counted.at_1 == counted.parties - 1 and counted.at_3 == counted.parties
    quiet = replace(trap, confidence=0.05)
    dossiers[site.domain] = replace(good, parties=[*good.parties, replace(operator, contacts=[quiet])])
    assert judge(world, dossiers).wrong == [], "what is never used harms nobody"
    del dossiers[site.domain]
    assert judge(world, dossiers).failures == 1


@pytest.mark.slow
def test_a_small_run_through_the_real_fetcher_keeps_the_promises() -> None:
    found = run(21, 40, peers=False)
    assert found["wrong_party_rate"] == 0 and found["failures"] == 0
    assert found["recall_at_3"] >= 0.97 and found["recall_at_1"] >= 0.9 and found["ratio_vs_bare"] > 0
