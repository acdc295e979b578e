"""What a machine must not send: steps for a person, each with where to turn, its clock and what is missing. Pure.

Police, regulators, courts, hash lists, helplines, payment and advertising, reports from inside an account, and
forms whose text only a person can give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from efface.law import Exposure, Facts, Law, NoticeType, Selection, applicable
from efface.law.places import Desk, Jurisdiction
from efface.law.select import Option
from efface.takedown import choosing, lacking
from efface.takedown.lacking import Need
from efface.whereabouts.model import Contact, Dossier, Party

if TYPE_CHECKING:
    from efface.takedown.plan import CaseFacts, FindingFacts

MOST_DESKS = 6
PER_CASE = frozenset({"police", "hotline", "helpline", "hash_bank", "court"})
"""Roles that are turned to once for the whole case, not site by site."""
PARTIES = {"payment": "payment", "ads": "ads", "isp": "isp", "platform": "site_operator"}


@dataclass(frozen=True, slots=True)
class Step:
    """``key`` is the same for the same step however often it is planned; ``scope`` "" for the whole case, else the
    domain it is about. ``desks`` are places with how to reach them. ``waits``: what has to come first; ``confirm``:
    what the person who does it says yes to. ``clock`` in words, "" where the law names none."""

    key: str
    scope: str
    notice_type: str
    role: str
    name: str
    desks: tuple[str, ...]
    why: tuple[str, ...]
    needs: tuple[Need, ...]
    confirm: tuple[str, ...]
    waits: str
    clock: str
    exposure: Exposure


def steps(case: CaseFacts, finding: FindingFacts, dossier: Dossier, law: Law) -> tuple[Step, ...]:
    """All that a person may do about a finding beside the routes, in the order of the rules."""
    facts = choosing.legal(case, finding, dossier)
    return tuple(_steps(case, finding, dossier, law, facts))


def of_case(case: CaseFacts, published: bool, law: Law) -> tuple[Step, ...]:
    """The steps of a case as a whole, also where nothing was found yet; ``published`` is what she said."""
    from efface.takedown.plan import FindingFacts

    finding, nowhere = FindingFacts(confirmed=datetime(2000, 1, 1, tzinfo=UTC), age=case.age), Dossier("", "", "-")
    facts = choosing.legal(case, finding, nowhere)
    facts = replace(facts, publication_state="published_public" if published else case.publication_state)
    return tuple(one for one in _steps(case, finding, nowhere, law, facts) if one.scope == "")


def _steps(
    case: CaseFacts, finding: FindingFacts, dossier: Dossier, law: Law, facts: Facts
) -> Iterator[Step]:  # fmt: skip
    if case.danger:
        return
    chosen = applicable(law, facts)
    for option in chosen.allowed:
        notice = law.notices[option.notice_type]
        if choosing.by_person(notice) or (lacking.only_she(notice) and "search" not in option.roles):
            yield from _of_type(notice, option, "", case, finding, dossier, law, facts)
    yield from _later(chosen, case, finding, dossier, law, facts)
    if chosen.stop or (choosing.legal(case, finding, dossier).age != "adult" and not case.minor_clearance):
        return
    yield from _forms(case, finding, dossier, law, facts)


def _later(
    chosen: Selection, case: CaseFacts, finding: FindingFacts, dossier: Dossier, law: Law, facts: Facts
) -> Iterator[Step]:
    """What may go once somebody else was asked: shown now, so that nobody is surprised by it."""
    waiting = [one for one in chosen.refused if one.later and choosing.by_person(law.notices[one.notice_type])]
    then = applicable(law, replace(facts, asked="yes")) if waiting else chosen
    for refused in waiting:
        notice, option = law.notices[refused.notice_type], then.option(refused.notice_type)
        if option is not None:
            yield from _of_type(notice, option, refused.why, case, finding, dossier, law, facts)


def _of_type(
    notice: NoticeType, option: Option, waits: str, case: CaseFacts, finding: FindingFacts, dossier: Dossier, law: Law,
    facts: Facts,
) -> Iterator[Step]:  # fmt: skip
    parties = [one for one in dossier.parties if PARTIES.get(one.role) in option.roles and _told_by_person(one, notice)]
    role = option.roles[0]
    if set(option.roles) & {"payment", "ads", "isp"}:
        for party in parties:
            yield _step(notice, option, waits, party.role, _reach(party.contacts), case, finding, dossier, party, law)
        return
    desks = tuple(_desks(notice, role, law, facts))[:MOST_DESKS]
    if notice.id in choosing.NEVER_ALONE or (lacking.only_she(notice) and "site_operator" in option.roles):
        own = [one for party in dossier.parties if party.role in ("operator", "platform") for one in party.contacts]
        if finding.hostility == "hostile_or_extortionate" or not case.operator_allowed:
            if role == "site_operator" and "origin_host" not in option.roles:
                return
            own = []
        own += [one for party in dossier.parties if party.role == "host" for one in party.contacts][
            : 2 * (notice.id == "evidence_preservation_letter")
        ]
        desks = (*_reach(own)[:2], *desks)[:MOST_DESKS] if notice.id != "tos_report" else _reach(own)[:2]
    yield _step(notice, option, waits, role, desks, case, finding, dossier, None, law)


def _told_by_person(party: Party, notice: NoticeType) -> bool:
    return party.role in PARTIES and (party.role != "platform" or notice.id == "tos_report")


def _step(
    notice: NoticeType, option: Option, waits: str, role: str, desks: tuple[str, ...], case: CaseFacts,
    finding: FindingFacts, dossier: Dossier, party: Party | None, law: Law,
) -> Step:  # fmt: skip
    scope = "" if set(option.roles) <= PER_CASE else dossier.domain
    needs = [*lacking.facts(notice, option), *lacking.consents(notice, role, case)]
    # She may well send it herself: that she is the one is no lack of a step that is hers.
    needs = [one for one in needs if one.kind != "authority"]
    why = [law.rule(rule).why for rule in option.rules if rule != "S4_consent"]
    place = law.jurisdictions.get(case.country.upper())
    if role == "police" and place is not None:
        why += [f"Before police are proposed: {one.who}: {one.text}." for one in place.reporting_risk]
    return Step(
        key=f"{notice.id}:{party.key if party else ''}"[:160], scope=scope, notice_type=notice.id, role=role,
        name=f"{notice.name}: {party.name or party.key}" if party else notice.name, desks=desks, why=tuple(why),
        needs=tuple(needs), confirm=option.confirm, waits=waits or ("police asked to wait" if option.held else ""),
        clock=option.clock, exposure=notice.exposure,
    )  # fmt: skip


def _forms(
    case: CaseFacts, finding: FindingFacts, dossier: Dossier, law: Law, facts: Facts
) -> Iterator[Step]:
    """Desks with a form of their own whose text is not written, or that only she may fill in."""
    for party in dossier.parties:
        for contact in party.contacts:
            own = choosing.desk_type(contact)
            if own not in law.notices or (own in lacking.written() and not lacking.only_she(law.notices[own])):
                continue
            option = applicable(law, facts, party.role).option(own)
            if option is not None:
                desk = (contact.value,)
                yield _step(law.notices[own], option, "", party.role, desk, case, finding, dossier, party, law)
            break


def _desks(notice: NoticeType, role: str, law: Law, facts: Facts) -> Iterator[str]:
    """Where to turn: desks of the law's data for her place first, then those that take such a notice from anywhere."""
    here = set(law.places(facts.survivor_country)) | set(law.places(facts.host_country))
    place = law.place(facts.survivor_country)
    seen: set[str] = set()
    local: list[str] = [_desk(one) for one in _of_place(place, role)]
    taking = [one for one in law.channels.values() if notice.id in one.notice_types and one.role == role]
    near = [one for one in taking if set(one.places) & here]
    wide = [one for one in taking if not one.places]
    told = [f"{one.name}: {one.url or one.contact}" for one in (*near, *wide)]
    for line in (*told, *local) if notice.id not in ("police_report", "csam_hotline_report") else (*local, *told):
        name = line.partition(":")[0]
        if name not in seen:
            seen.add(name)
            yield line


def _of_place(place: Jurisdiction | None, role: str) -> Iterable[Desk]:
    if place is None:
        return ()
    return {"police": place.police, "hotline": place.minors, "helpline": place.helplines,
            "regulator": place.regulators}.get(role, ())  # fmt: skip


def _desk(one: Desk) -> str:
    return f"{one.name}: {one.contact}" if one.contact else one.name


def _reach(contacts: Iterable[Contact]) -> tuple[str, ...]:
    return tuple(one.value for one in sorted(contacts, key=lambda one: -one.confidence))[:MOST_DESKS]
