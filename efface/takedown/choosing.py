"""Which notices a party may get by the law's data, in what order, and what each still lacks. Pure.

What a type demands is data (``law.select``). Among those that may go now, the one that binds the recipient's own place
comes first; where outcomes speak, what works comes first. How far a notice may travel is hers to say: a way that goes
farther than she allows is shown beside, with its gain, and not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from efface.law import Exposure, Facts, Law, NoticeType, applicable
from efface.law.select import Answer, Option
from efface.takedown import lacking
from efface.takedown.lacking import Need
from efface.takedown.odds import NOTHING, Odds, Outcome, odds
from efface.takedown.templates import written
from efface.whereabouts.model import Contact, Dossier, Party

if TYPE_CHECKING:
    from efface.takedown.plan import CaseFacts, FindingFacts

BY_PERSON = frozenset({
    "regulator", "court", "police", "hotline", "helpline", "hash_bank", "payment", "ads", "isp", "app_store",
})  # fmt: skip
"""Who is told by a person, in the law's words for roles; a notice that only goes to these is a step for a person."""
NEVER_ALONE = frozenset({"evidence_preservation_letter", "tos_report"})
"""Beside a request, or from inside an account: a person does it, whoever the recipient is."""
NETWORK = {"cdn": "generic_host_abuse", "upstream": "generic_host_abuse", "isp": "generic_host_abuse"}
"""Networks above or before a host know their own form best: an abuse report."""
LATER = frozenset({"registrar", "registry"})
"""Their turn comes after the host's: that somebody was asked first is what the ladder sees to."""
Binding = Literal[0, 1, 2, 3, 4]


@dataclass(frozen=True, slots=True)
class Way:
    """One notice type that may go to one party. ``needs`` empty: it can go now. ``clock`` in words, "" where the law
    names no number; ``confirm`` are what the person who approves says yes to."""

    notice_type: str
    name: str
    exposure: Exposure
    clock: str
    odds: Odds
    needs: tuple[Need, ...]
    confirm: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def may_go(self) -> bool:
        return not self.needs


def by_person(notice: NoticeType) -> bool:
    """Whether a machine must not send it: a person does, guided."""
    return notice.id in NEVER_ALONE or set(notice.addressed_to) <= BY_PERSON


def legal(case: CaseFacts, finding: FindingFacts, dossier: Dossier, party: Party | None = None) -> Facts:
    """The facts in the law's words. A picture somebody confirmed on the web is published, whatever was said before."""
    ages = {case.age, finding.age}
    age = "minor" if "minor" in ages else "adult" if ages == {"adult"} else "unknown_treat_as_minor"
    hosts = [one.country for one in dossier.parties if one.role == "host" and one.country]
    asked: Answer = "yes" if party is not None and party.role in LATER else finding.asked
    return Facts(
        age=age, danger=case.danger, publication_state="reappeared" if finding.returns else "published_public",
        content_nature=case.content_nature, acquisition=case.acquisition, abuse_type=case.abuse_type,
        motive=case.motive, pressed_shutter=case.pressed_shutter, assignment=case.assignment,
        survivor_country=case.lives_in or case.country, recipient_country=party.country if party else "",
        host_country=hosts[0] if hosts else "", site_type=finding.site_type, hostility=finding.hostility,
        asked=asked, paid_for=case.paid_for, has_file=case.has_file, police_wanted=case.police_wanted,
        trusted_flagger=case.trusted_flagger, minor_clearance=case.minor_clearance, returns=finding.returns,
        hold=case.hold_until is not None, hold_spares_search=case.hold_spares_search,
    )  # fmt: skip


def ways(
    party: Party,
    contact: Contact,
    case: CaseFacts,
    finding: FindingFacts,
    dossier: Dossier,
    law: Law,
    outcomes: Mapping[tuple[str, str], Outcome],
) -> tuple[Way, ...]:
    """All that may go to this party at this contact, the one to take first. A desk with a form of its own is asked in
    that form: nothing else comes first there."""
    facts = legal(case, finding, dossier, party)
    # Search engines that no playbook knows take what the largest one takes.
    own = desk_type(contact) or ("search_google" if party.role == "search" else "")
    found = []
    for place, option in enumerate(applicable(law, facts, party.role).allowed):
        notice = law.notices[option.notice_type]
        if by_person(notice) or (desk_bound(notice.id) and notice.id != own):
            continue
        way = _way(notice, option, party, case, finding, law, outcomes)
        found.append((_order(way, notice, place, party, own, facts, law, outcomes), way))
    found.sort(key=lambda one: one[0])
    return tuple(way for _place, way in found)


def desk_type(contact: Contact) -> str:
    """The notice type of a playbook desk's own form, named after "playbook:" in the source; "" where it has none."""
    return contact.source.partition("playbook:")[2]


def desk_bound(notice_type: str) -> bool:
    """Whether a type is the form of one desk, which fits nobody else."""
    return notice_type.startswith("search_") or notice_type == "cdn_cloudflare"


def _way(
    notice: NoticeType, option: Option, party: Party, case: CaseFacts, finding: FindingFacts, law: Law,
    outcomes: Mapping[tuple[str, str], Outcome],
) -> Way:  # fmt: skip
    needs = lacking.of(notice, option, party, case, finding, law)
    return Way(
        notice.id, notice.name, notice.exposure, option.clock,
        odds(party.key, party.role, notice.id, outcomes) if outcomes else NOTHING, needs, option.confirm, option.rules,
    )  # fmt: skip


def _order(
    way: Way, notice: NoticeType, place: int, party: Party, own: str, facts: Facts, law: Law,
    outcomes: Mapping[tuple[str, str], Outcome],
) -> tuple[float, ...]:  # fmt: skip
    """First the desk's own form, then what lacks nothing, then what works by the outcomes in steps of a tenth, then
    what binds the recipient, then what the organisation may say in its own name, then the order of the rules."""
    usual = _usual(party.role, outcomes)
    share = way.odds.share if way.odds.speaks else usual
    return (
        float(bool(own) and notice.id != own), float(len(way.needs)), -round(share, 1),
        float(notice.id != NETWORK.get(party.role, notice.id)), float(-_narrow(notice, party)),
        float(binding(notice, facts, law)), float(not lacking.others_may(notice)), float(place),
    )  # fmt: skip


def _usual(role: str, outcomes: Mapping[tuple[str, str], Outcome]) -> float:
    """What notices of any type to this role achieved: what a type is taken for that nobody tried."""
    rows = [one for (key, _type), one in outcomes.items() if key == f"role:{role}"]
    sent = sum(one.sent for one in rows)
    return (sum(one.removed for one in rows) + 1) / (sent + 2)


def _narrow(notice: NoticeType, party: Party) -> int:
    """A type made for registries comes before one that registrars and registries take."""
    return int(party.role == "registry" and notice.addressed_to == ("registry",))


def homes(notice_type: str, law: Law) -> frozenset[str]:
    """The places whose law a notice type belongs to: those that name it among their ways."""
    return frozenset(
        place.id for place in law.jurisdictions.values()
        if any(one.notice_type == notice_type for one in place.takedown)
    )  # fmt: skip


def binding(notice: NoticeType, facts: Facts, law: Law) -> Binding:
    """How surely a law binds the recipient: 0 that of its own place, 1 a large country's that services everywhere
    follow, 2 that of her home, 3 another's, 4 no law but good practice."""
    home = homes(notice.id, law)
    if home & set(law.places(facts.recipient_country)):
        return 0
    if "US" in home and not law.in_eu(facts.recipient_country):
        return 1
    if home & set(law.places(facts.survivor_country)):
        return 2
    return 3 if home else 4


__all__ = [
    "BY_PERSON", "NEVER_ALONE", "Way", "binding", "by_person", "desk_bound", "desk_type", "homes", "legal", "ways",
    "written",
]  # fmt: skip
