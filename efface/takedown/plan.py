"""Who is asked to remove a finding, in what order, why, and what each comes to know. Pure: no database, no clock.

Safety rules (S*) are applied before routing rules (R*); the ladder, the rules and their reasons are law data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from efface.law import Exposure, Law
from efface.law.clocks import quickest
from efface.law.select import Answer
from efface.takedown import choosing, guided, lacking, tradeoff
from efface.takedown.changes import Change, arranged, asked, chosen_type
from efface.takedown.choosing import Way
from efface.takedown.guided import Step
from efface.takedown.lacking import Need
from efface.takedown.notice import NoticeFacts
from efface.takedown.odds import NOTHING, Odds, Outcome, odds
from efface.takedown.reach import Choice, Reach, Worth, choose, domain_of, is_suspect, may_reach
from efface.whereabouts.model import Channel, Contact, Dossier, Party

Age = Literal["adult", "minor", "unknown_treat_as_minor"]


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the plan needs of a case. Words are the law's. ``minor_clearance``: hotline or police gave a written
    non-objection. ``suspects``: mail addresses and domains of those who must never hear of it, lower case;
    ``suspect_names`` and ``suspect_numbers`` what else is known of them; ``hers``: the depicted person's own addresses.
    ``hold_until``: police asked to wait until then; ``hold_spares_search``: the officer agrees to delisting meanwhile.
    ``lives_in``: the part of the country, "" for all of it. ``exposure_limit``: how far a notice may travel.
    ``authorised``: she allows us to write; ``attested``: a worker spoke with her and a second agreed."""

    age: Age = "unknown_treat_as_minor"
    danger: bool = False
    publication_state: str = "published_public"
    content_nature: str = "unknown"
    country: str = ""
    minor_clearance: bool = False
    suspects: frozenset[str] = frozenset()
    hers: frozenset[str] = frozenset()
    hold_until: datetime | None = None
    hold_spares_search: bool = False
    operator_allowed: bool = True
    suspect_names: frozenset[str] = frozenset()
    suspect_numbers: frozenset[str] = frozenset()
    lives_in: str = ""
    acquisition: str = ""
    abuse_type: str = ""
    motive: str = "unknown"
    pressed_shutter: Answer = "unknown"
    assignment: Answer = "unknown"
    has_file: Answer = "unknown"
    paid_for: Answer = "unknown"
    police_wanted: Answer = "unknown"
    exposure_limit: Exposure = "uploader_possible"
    authorised: bool = True
    attested: bool = False
    trusted_flagger: bool = False


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """``confirmed``: when a person confirmed it, the start of the ladder; for a return, when it was seen again.
    ``returns``: how often it came back. ``remaining``: hosts that still serve something (empty: all of them).
    ``age`` is the finding's own: a face match is another picture. ``asked``: somebody was asked and its time has
    passed. ``group`` and ``group_contacts`` are the domains and known desks of all sites of this operator.
    ``probe``: what a notice about it would say, where that is known already."""

    confirmed: datetime
    age: Age = "unknown_treat_as_minor"
    site_type: str = "ugc_forum"
    hostility: str = "unknown"
    returns: int = 0
    remaining: frozenset[str] = frozenset()
    asked: Answer = "no"
    group: frozenset[str] = frozenset()
    group_contacts: frozenset[str] = frozenset()
    probe: NoticeFacts | None = None


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """One party, one notice type, one contact. ``offset`` is the earliest start after ``FindingFacts.confirmed``;
    ``starts`` the same as a time, no earlier than a police hold allows. ``clock_hours`` roughly, days and months
    counted as hours too; None: the law names none.
    ``opens_form``: the worker may open the form (a desk of the playbook, never a site's own). ``rules`` are the ids of
    the law rules that shaped it; ``why`` are sentences. ``alternatives`` are the party's next best contacts.

    ``needs``: what is missing before it can go. ``odds``: what such notices achieved. ``others``: the other notices
    this party could get, ``trade`` what they would gain and cost, in words. ``changed``: a person's word, "" without;
    ``word`` its verb where it is about when. ``clock``: the recipient's time in words."""

    party_key: str
    role: str
    name: str
    channel: Channel
    contact: str
    alternatives: tuple[str, ...]
    notice_type: str
    why: tuple[str, ...]
    rules: tuple[str, ...]
    clock_hours: float | None
    clock_basis: str
    exposure: Exposure
    step: int
    offset: timedelta
    starts: datetime
    covers: tuple[str, ...]
    opens_form: bool = False
    needs: tuple[Need, ...] = ()
    odds: Odds = NOTHING
    others: tuple[Way, ...] = ()
    trade: tuple[str, ...] = ()
    changed: str = ""
    clock: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A party that will not be written to, and why. ``person`` True: somebody should look for another way."""

    party_key: str
    role: str
    why: str
    rule: str = ""
    person: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is sent. ``desks`` are the places to turn to first, with their contact, as text."""

    rule: str
    reason: str
    desks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """``steps`` are for a person; ``beside`` are parties that are only shown, until a person says to ask them."""

    stop: Stop | None
    routes: tuple[PlannedRoute, ...]
    withheld: tuple[Withheld, ...] = ()
    advice: tuple[str, ...] = field(default=())
    steps: tuple[Step, ...] = ()
    beside: tuple[Party, ...] = ()


NEVER_SENT = frozenset({"payment", "ads", "regulator", "hotline", "police", "isp", "platform"})
"""Roles that are told by a person, not by a notice of these types."""


def plan(
    case: CaseFacts,
    finding: FindingFacts,
    dossier: Dossier,
    law: Law,
    delivery: Mapping[str, str],
    outcomes: Mapping[tuple[str, str], Outcome],
    now: datetime,
    guesses_tried: Mapping[str, frozenset[str]] | None = None,
    worth: Mapping[tuple[str, str], Worth] | None = None,
    changes: Iterable[Change] = (),
) -> Plan:
    """The routes in the order in which they may start. The same facts give the same plan.

    ``delivery`` maps a contact's value to its state (untested, mx_ok, accepted, auto_ack, replied, complied,
    soft_bounce, hard_bounce, full, policy_reject, silent); ``outcomes`` maps (party key or "role:host", notice type)
    to what was achieved; ``guesses_tried`` maps a party's key to addresses nobody published that were written to, in
    any case; ``worth`` maps (party key, contact's value) to its place among the party's contacts, where more is known
    than the dossier says. ``changes`` are a person's, in order, that stand. Police, payment, regulators and whoever
    else a machine must not write to are steps for a person, never a route."""
    hostile = _hostile(finding) or any(sign.startswith("paid-removal") for sign in dossier.signs)
    if hostile and finding.hostility != "hostile_or_extortionate":
        finding = replace(finding, hostility="hostile_or_extortionate")
    reach = _reach(case, finding, dossier, delivery, hostile)
    steps = guided.steps(case, finding, _safe(dossier, case, hostile, reach), law)
    stop = _stop(case, finding, law)
    if stop is not None:
        return Plan(stop, (), (), _advice(case, law, hostile), steps)
    changes = tuple(changes)
    wanted = asked(changes)
    brought = [one for one in dossier.beside if one.key in wanted]
    routes: list[PlannedRoute] = []
    withheld: list[Withheld] = []
    for party in sorted([*dossier.parties, *brought], key=lambda one: (one.role, one.key)):
        refused = _refusal(party, case, finding, dossier, hostile, reach)
        if refused is not None:
            withheld.append(refused)
            continue
        choice = choose(party, reach, (guesses_tried or {}).get(party.key, frozenset()), worth or {})
        if isinstance(choice, str):
            withheld.append(Withheld(party.key, party.role, choice, "S5_suspect" if "suspect" in choice else "", True))
            continue
        if party.role == "search" and _unknown_notice(choice.contact, law):
            withheld.append(Withheld(party.key, party.role, "its own form is filled in by a person", person=True))
            continue
        made = _route(party, choice, case, finding, dossier, law, hostile, now, outcomes, changes)
        if isinstance(made, Withheld):
            withheld.append(made)
        else:
            routes.append(made)
    routes.sort(key=lambda one: (one.starts, one.step, -_share(one, outcomes), one.odds.hours, one.party_key))
    kept, doubles = _once_each(routes)
    kept, out = arranged(kept, changes, now, lambda role: _held(role, case))
    left = [Withheld(one.party_key, one.role, f"left out by a person: {change.why}", "person") for one, change in out]
    beside = tuple(one for one in dossier.beside if one.key not in wanted)
    return Plan(None, tuple(kept), tuple(withheld + doubles + left), _advice(case, law, hostile), steps, beside)


def _reach(
    case: CaseFacts, finding: FindingFacts, dossier: Dossier, delivery: Mapping[str, str], hostile: bool
) -> Reach:
    """Of a hostile operator every site is out of reach, not only the one this finding stands on."""
    domains = frozenset(filter(None, (domain_of(one) for one in (dossier.domain, *finding.group))))
    known = frozenset(one.lower() for one in (*_operator_contacts(dossier), *finding.group_contacts))
    return Reach(
        delivery=delivery, suspects=case.suspects, hers=case.hers, names=case.suspect_names,
        numbers=case.suspect_numbers, operator_domains=domains if hostile else frozenset(),
        operator_contacts=known if hostile else frozenset(),
    )  # fmt: skip


def _safe(dossier: Dossier, case: CaseFacts, hostile: bool, reach: Reach) -> Dossier:
    """The dossier without what a person must not be sent to either: a suspect, a hostile operator, her own address."""
    parties = [
        replace(party, contacts=[one for one in party.contacts if may_reach(one, reach)])
        for party in dossier.parties
        if not (party.role == "operator" and (hostile or not case.operator_allowed)) and not _suspected(
            party, dossier, reach
        )
    ]  # fmt: skip
    return replace(dossier, parties=parties)


def _suspected(party: Party, dossier: Dossier, reach: Reach) -> bool:
    """By its own name and domain; an operator also by that of the site it runs."""
    runs = replace(party, domain=dossier.domain) if party.role == "operator" else party
    return is_suspect(party, reach) or is_suspect(runs, reach)


def _held(role: str, case: CaseFacts) -> datetime | None:
    """Until when the police keep this role back."""
    return None if role == "search" and case.hold_spares_search else case.hold_until


def _stop(case: CaseFacts, finding: FindingFacts, law: Law) -> Stop | None:
    place = law.jurisdictions.get(case.country.upper())
    places = [place] if place else list(law.jurisdictions.values())
    if case.danger:
        crisis = [f"{one.name}: emergency {one.emergency}" for one in places]
        crisis += [f"{desk.name}: {desk.contact}" for one in places for desk in one.helplines if desk.crisis]
        return Stop("S0_danger", law.rule("S0_danger").then, tuple(crisis))
    if (case.age != "adult" or finding.age != "adult") and not case.minor_clearance:
        desks = [f"{desk.name}: {desk.contact}" for one in places for desk in one.minors]
        minor = "minor" in (case.age, finding.age)
        who = "The depicted person was under 18." if minor else "Nobody has said that the depicted person was an adult."
        return Stop("S1_minor", f"{who} Address only, hotline and police first.", tuple(desks))
    if case.publication_state == "threatened_only":
        desks = [f"{desk.name}: {desk.contact}" for one in places for desk in one.helplines]
        return Stop("R1_threat_only", law.rule("R1_threat_only").then, tuple(desks))
    return None


def _hostile(finding: FindingFacts) -> bool:
    return finding.hostility == "hostile_or_extortionate" or finding.site_type in ("ncii_dedicated", "onion")


def _operator_contacts(dossier: Dossier) -> list[str]:
    return [one.value.lower() for party in dossier.parties if party.role == "operator" for one in party.contacts]


def _refusal(
    party: Party, case: CaseFacts, finding: FindingFacts, dossier: Dossier, hostile: bool, reach: Reach
) -> Withheld | None:
    """Why this party must not be written to whatever its contacts, None where it may."""
    if _suspected(party, dossier, reach):
        return Withheld(party.key, party.role, "it is somebody who must never hear of it", "S5_suspect", True)
    if party.role == "operator":
        if hostile:
            return Withheld(party.key, party.role, "the operator is hostile or the site exists for this", "S3_hostile")
        if not case.operator_allowed:
            return Withheld(party.key, party.role, "she does not want the operator to be asked", "S4_consent")
        if finding.returns:
            return Withheld(party.key, party.role, "it came back: straight to the host", "R8_return")
    if party.role in NEVER_SENT:
        return Withheld(party.key, party.role, "told by a person, not by a notice", person=True)
    if party.role in ("registrar", "registry") and finding.site_type == "major_platform":
        return Withheld(party.key, party.role, "not for the domain of a large platform")
    if party.role in ("operator", "host", "cdn", "upstream") and _nothing_left(party, finding, dossier):
        return Withheld(party.key, party.role, "nothing of the finding is left there")
    return None


def _nothing_left(party: Party, finding: FindingFacts, dossier: Dossier) -> bool:
    """The finding is only partly alive, and none of what is left stands with this party."""
    if not finding.remaining or not party.covers:
        return False
    left = set(finding.remaining)
    if party.role == "operator":
        return not left & {dossier.host, *party.covers}
    return not left & set(party.covers)


def _route(
    party: Party,
    choice: Choice,
    case: CaseFacts,
    finding: FindingFacts,
    dossier: Dossier,
    law: Law,
    hostile: bool,
    now: datetime,
    outcomes: Mapping[tuple[str, str], Outcome],
    changes: Iterable[Change],
) -> PlannedRoute | Withheld:
    ways = choosing.ways(party, choice.contact, case, finding, dossier, law, outcomes)
    if not ways:
        return Withheld(party.key, party.role, "no notice of the law data fits here", person=True)
    word = chosen_type(changes, party.key)
    chosen = next((one for one in ways if word and one.notice_type == word.notice_type), ways[0])
    others = tuple(one for one in ways if one is not chosen)
    notice = law.notices[chosen.notice_type]
    offset, rules, why = _when(party, finding, dossier, law, hostile)
    starts = finding.confirmed + offset
    hold = _held(party.role, case)
    if hold is not None and hold > max(now, starts):
        starts = hold
        rules.append("S2_le_hold")
        why.append("police asked to wait")
    step = law.step(party.role)
    places = (*law.places(case.lives_in or case.country), *law.places(party.country))
    rule, quick = notice.clock_in(*places), quickest(notice, places)
    return PlannedRoute(
        party_key=party.key,
        role=party.role,
        name=party.name,
        channel=choice.contact.channel,
        contact=choice.contact.value,
        alternatives=tuple(one.value for one in choice.next_best),
        notice_type=notice.id,
        why=(*why, choice.why, *party.reasons[:2]),
        rules=tuple(dict.fromkeys(("S4_consent", *rules, *chosen.rules))),
        clock_hours=quick if quick < float("inf") else None,
        clock_basis=rule.citation if rule.period is not None else "",
        exposure=notice.exposure,
        step=step.step if step else 99,
        offset=offset,
        starts=starts,
        covers=tuple(party.covers),
        opens_form=choice.contact.channel == "form" and choice.contact.source.startswith("playbook"),
        needs=chosen.needs,
        odds=chosen.odds,
        others=others,
        trade=tradeoff.said(chosen, others, law),
        changed=f"a person chose this notice: {word.why}" if word and chosen.notice_type == word.notice_type else "",
        clock=chosen.clock,
    )


def _when(
    party: Party, finding: FindingFacts, dossier: Dossier, law: Law, hostile: bool
) -> tuple[timedelta, list[str], list[str]]:
    """The earliest start after the confirmation, the rules behind it and the reason in words."""
    step = law.step(party.role)
    calm = timedelta(hours=step.at_hours or 0) if step else timedelta(0)
    now = timedelta(0)
    if party.role == "operator":
        return now, ["R4_platform"], ["the operator can remove it at once"]
    if party.role == "search":
        return now, ["R4_platform"], ["what is not found hurts less, whatever the site does"]
    if party.role == "cdn" and _origin_hidden(dossier):
        return now, [], [f"{party.name or 'this network'} hides the host and can name it"]
    if party.role in ("host", "cdn") and hostile:
        return now, ["S3_hostile"], ["the operator must not be asked"]
    if party.role in ("host", "cdn") and finding.returns:
        return now, ["R8_return"], ["it came back"]
    if party.role == "host" and not _operator_asked(dossier):
        return now, [], ["no operator is known who could be asked first"]
    if party.role in ("registrar", "registry"):
        if finding.returns > 1 and party.role == "registrar":
            return now, ["R8_return"], ["it came back more than once"]
        return calm, [], ["only when the host has not acted; no duty to act on content"]
    return calm, [], [f"step {step.step} of the ladder: {step.at}" if step else "no step of the ladder"]


def _origin_hidden(dossier: Dossier) -> bool:
    if not dossier.behind_cdn:
        return False
    return not any(party.role == "host" and dossier.host in party.covers for party in dossier.parties)


def _operator_asked(dossier: Dossier) -> bool:
    return any(party.role == "operator" and party.contacts for party in dossier.parties)


def _unknown_notice(contact: Contact, law: Law) -> bool:
    """Whether a desk has a notice type of its own that the law data does not hold, that is not written, or that only
    she may send: another desk's would not fit it."""
    own = choosing.desk_type(contact)
    if not own:
        return False
    return own not in law.notices or own not in choosing.written() or lacking.only_she(law.notices[own])


def _share(route: PlannedRoute, outcomes: Mapping[tuple[str, str], Outcome]) -> float:
    """What such a notice to this party is reckoned to achieve; a half where nothing is known."""
    return odds(route.party_key, route.role, route.notice_type, outcomes).share


def _once_each(routes: list[PlannedRoute]) -> tuple[list[PlannedRoute], list[Withheld]]:
    """No mailbox gets the same finding twice: of two parties behind one contact the earlier route stays."""
    kept: list[PlannedRoute] = []
    doubles: list[Withheld] = []
    seen: dict[str, PlannedRoute] = {}
    for route in routes:
        first = seen.setdefault(route.contact.lower(), route)
        if first is route:
            kept.append(route)
        else:
            doubles.append(Withheld(route.party_key, route.role, f"the same contact as {first.party_key}"))
    return kept, doubles


def _advice(case: CaseFacts, law: Law, hostile: bool) -> tuple[str, ...]:
    """Sentences for the worker: what a person may do beside the routes."""
    lines: list[str] = []
    place = law.jurisdictions.get(case.country.upper())
    if hostile:
        lines.append("Never pay for a removal and never answer the operator.")
    if place is not None:
        for risk in place.reporting_risk:
            lines.append(f"Before police are proposed: {risk.who}: {risk.text}.")
        for desk in place.regulators:
            lines.append(f"Regulator: {desk.name}{', ' + desk.contact if desk.contact else ''}.")
    return tuple(lines)


__all__ = [
    "CaseFacts", "FindingFacts", "Outcome", "Plan", "PlannedRoute", "Stop", "Withheld", "plan",
]  # fmt: skip
