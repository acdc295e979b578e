"""Who is asked to remove a finding, in what order, why, and what each comes to know. Pure: no database, no clock.

Safety rules (S*) are applied before routing rules (R*); the ladder, the rules and their reasons are law data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from efface.law import Exposure, Law
from efface.takedown.reach import Choice, Reach, Worth, choose, domain_of
from efface.takedown.templates import written
from efface.whereabouts.model import Channel, Contact, Dossier, Party

Age = Literal["adult", "minor", "unknown_treat_as_minor"]


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the plan needs of a case. Words are the law's. ``minor_clearance``: hotline or police gave a written
    non-objection. ``suspects``: mail addresses and domains of suspects, lower case; ``hers``: the depicted person's own
    addresses. ``hold_until``: police asked to wait until then; ``hold_spares_search``: the officer agrees to delisting
    meanwhile."""

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


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """``confirmed``: when a person confirmed it, the start of the ladder; for a return, when it was seen again.
    ``returns``: how often it came back. ``remaining``: hosts that still serve something (empty: all of them).
    ``age`` is the finding's own: a face match is another picture."""

    confirmed: datetime
    age: Age = "unknown_treat_as_minor"
    site_type: str = "ugc_forum"
    hostility: str = "unknown"
    returns: int = 0
    remaining: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What earlier notices of one type to one party (or, under the key "role:<role>", to all of a role) achieved."""

    sent: int
    removed: int
    median_hours: float = 0.0

    @property
    def share(self) -> float:
        """Removal share, drawn towards a half while there are few: (removed + 1) / (sent + 2)."""
        return (self.removed + 1) / (self.sent + 2)


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """One party, one notice type, one contact. ``offset`` is the earliest start after ``FindingFacts.confirmed``;
    ``starts`` the same as a time, no earlier than a police hold allows. ``clock_hours`` None: the law names none.
    ``opens_form``: the worker may open the form (a desk of the playbook, never a site's own). ``rules`` are the ids of
    the law rules that shaped it; ``why`` are sentences. ``alternatives`` are the party's next best contacts."""

    party_key: str
    role: str
    name: str
    channel: Channel
    contact: str
    alternatives: tuple[str, ...]
    notice_type: str
    why: tuple[str, ...]
    rules: tuple[str, ...]
    clock_hours: int | None
    clock_basis: str
    exposure: Exposure
    step: int
    offset: timedelta
    starts: datetime
    covers: tuple[str, ...]
    opens_form: bool = False


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
    stop: Stop | None
    routes: tuple[PlannedRoute, ...]
    withheld: tuple[Withheld, ...] = ()
    advice: tuple[str, ...] = field(default=())


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
) -> Plan:
    """The routes in the order in which they may start. The same facts give the same plan.

    ``delivery`` maps a contact's value to its state (untested, mx_ok, accepted, auto_ack, replied, complied,
    soft_bounce, hard_bounce, full, policy_reject, silent); ``outcomes`` maps (party key or "role:host", notice type)
    to what was achieved; ``guesses_tried`` maps a party's key to addresses nobody published that were written to, in
    any case; ``worth`` maps (party key, contact's value) to its place among the party's contacts, where more is known
    than the dossier says. Police, payment and regulators are advice for a person, never a route."""
    stop = _stop(case, finding, law)
    if stop is not None:
        return Plan(stop, (), (), _advice(case, law, _hostile(finding)))
    hostile = _hostile(finding) or any(sign.startswith("paid-removal") for sign in dossier.signs)
    reach = Reach(
        delivery=delivery,
        suspects=case.suspects,
        hers=case.hers,
        operator_domain=domain_of(dossier.domain) if hostile else "",
        operator_contacts=frozenset(_operator_contacts(dossier)) if hostile else frozenset(),
    )
    routes: list[PlannedRoute] = []
    withheld: list[Withheld] = []
    for party in sorted(dossier.parties, key=lambda one: (one.role, one.key)):
        refused = _refusal(party, case, finding, dossier, hostile)
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
        routes.append(_route(party, choice, case, finding, dossier, law, hostile, now))
    routes.sort(key=lambda one: (one.starts, one.step, -_share(one, outcomes), one.party_key))
    kept, doubles = _once_each(routes)
    return Plan(None, tuple(kept), tuple(withheld + doubles), _advice(case, law, hostile))


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
    party: Party, case: CaseFacts, finding: FindingFacts, dossier: Dossier, hostile: bool
) -> Withheld | None:
    """Why this party must not be written to whatever its contacts, None where it may."""
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
) -> PlannedRoute:
    notice = law.notices[notice_type(party, choice.contact, finding, law)]
    offset, rules, why = _when(party, finding, dossier, law, hostile)
    starts = finding.confirmed + offset
    hold = None if party.role == "search" and case.hold_spares_search else case.hold_until
    if hold is not None and hold > max(now, starts):
        starts = hold
        rules.append("S2_le_hold")
        why.append("police asked to wait")
    step = law.step(party.role)
    return PlannedRoute(
        party_key=party.key,
        role=party.role,
        name=party.name,
        channel=choice.contact.channel,
        contact=choice.contact.value,
        alternatives=tuple(one.value for one in choice.next_best),
        notice_type=notice.id,
        why=(*why, choice.why, *party.reasons[:2]),
        rules=("S4_consent", *rules),
        clock_hours=notice.clock.hours,
        clock_basis=notice.clock.citation if notice.clock.hours is not None else "",
        exposure=notice.exposure,
        step=step.step if step else 99,
        offset=offset,
        starts=starts,
        covers=tuple(party.covers),
        opens_form=choice.contact.channel == "form" and choice.contact.source.startswith("playbook"),
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


def notice_type(party: Party, contact: Contact, finding: FindingFacts, law: Law) -> str:
    """Which notice a party gets. A playbook desk may have a type of its own, named after "playbook:" in the source.

    Operators: the TAKE IT DOWN Act where the kind of site can be covered, the Digital Services Act where they sit in
    the Union. Hosts: the Digital Services Act, also where the country is not known, because its elements are the most
    complete. Networks above or before a host: an abuse report. Registrars: their own."""
    _, _, named = contact.source.partition("playbook:")
    if named in law.notices and named in written():
        return named
    if party.role == "search":
        return "search_google"
    if party.role in ("registrar", "registry"):
        return "registrar_abuse"
    if party.role in ("cdn", "upstream"):
        return "generic_host_abuse"
    if party.role == "operator":
        covered = finding.site_type in law.groups["covered_platform_types"]
        return "us_tida" if covered and not law.in_eu(party.country) else "eu_dsa_art16"
    return "eu_dsa_art16"


def _unknown_notice(contact: Contact, law: Law) -> bool:
    """Whether a desk has a notice type of its own that the law data does not hold, or that is not written: another
    desk's would not fit it."""
    _, _, named = contact.source.partition("playbook:")
    return bool(named) and (named not in law.notices or named not in written())


def _share(route: PlannedRoute, outcomes: Mapping[tuple[str, str], Outcome]) -> float:
    """Past success of the party, else of its role, else a half."""
    for key in (route.party_key, f"role:{route.role}"):
        outcome = outcomes.get((key, route.notice_type))
        if outcome is not None:
            return outcome.share
    return 0.5


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
