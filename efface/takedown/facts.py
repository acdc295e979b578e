"""From rows to the plain facts that plan and notice work with. Reads only."""

from __future__ import annotations

import re
import unicodedata
import uuid
from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from statistics import median
from typing import cast
from urllib.parse import urlsplit

from django.db.models import Q
from django.utils.translation import gettext as _

from efface.cases import authority, avoiding, classing, knowing, proving
from efface.cases.may import may
from efface.cases.models import Age, Case, Fingerprint, FingerprintKind, Hold, Level, Purpose
from efface.engine.base import settings
from efface.law import Exposure, load
from efface.law.select import Answer
from efface.net.page.urls import ends_as_still
from efface.net.protocol import Observation, from_wire
from efface.search.models import Asset, Finding, FindingState, Media
from efface.sites import contacts, networks, ordering
from efface.sites.models import ContactState, Site
from efface.takedown import odds, plan, reach, sight, verdict
from efface.takedown.models import Check, Notice, Outcome, Route, Step
from efface.takedown.particulars import Copyright, HashLists
from efface.takedown.reach import Worth
from efface.vision import hamming
from efface.whereabouts import decode
from efface.whereabouts.model import Dossier

PLAN_AGE: dict[str, plan.Age] = {Age.ADULT: "adult", Age.MINOR: "minor", Age.UNKNOWN: "unknown_treat_as_minor"}
#: How the plan calls what ``sites`` knows of an address.
DELIVERY = {
    ContactState.ACCEPTED: "accepted",
    ContactState.ACKNOWLEDGED: "auto_ack",
    ContactState.REPLIED: "replied",
    ContactState.COMPLIED: "complied",
    ContactState.SOFT: "soft_bounce",
    ContactState.HARD: "hard_bounce",
    ContactState.FULL: "full",
    ContactState.POLICY: "policy_reject",
    ContactState.SILENT: "silent",
}
#: How the law calls the registry's kinds of site.
SITE_TYPE: dict[str, str] = {
    Site.Kind.TUBE: "tube_site", Site.Kind.FORUM: "ugc_forum", Site.Kind.LEAK_BOARD: "ncii_dedicated",
    Site.Kind.IMAGEBOARD: "ugc_forum", Site.Kind.FILE_HOST: "image_or_file_host",
    Site.Kind.MESSENGER: "messenger_channel", Site.Kind.SEARCH: "search_engine",
}  # fmt: skip
NATURE = {"synthetic": "fully_synthetic"}
MOST_OUTCOMES = 5_000


def hostile(site: Site) -> bool:
    """Whether its operator must not be written to: what one site of an operator is known for holds for all of them."""
    return networks.hostile(site)


def case_facts(case: Case, now: datetime) -> plan.CaseFacts:
    hold = Hold.objects.filter(case=case, lifted_at=None, begins__lte=now, ends__gt=now).order_by("-ends").first()
    said, avoid = knowing.answers(case), avoiding.known(case)
    lives = said.get("lives_in", "")
    return plan.CaseFacts(
        age=PLAN_AGE[case.age],
        danger=case.danger,
        publication_state=said.get("publication_state", "published_public"),
        content_nature=nature(case),
        country=case.country,
        suspects=avoid.places,
        hers=hers(case),
        hold_until=hold.ends if hold else None,
        operator_allowed=bool(may(case, Purpose.CONTACT_OPERATOR, now)),
        suspect_names=avoid.names,
        suspect_numbers=avoid.numbers,
        lives_in="" if lives == "unknown" else lives,
        acquisition=case.acquisition if case.acquisition in load().words["acquisition_path"] else "",
        abuse_type=classing.LAW.get(classing.decide(said)[0].kind, ""),
        motive="economic" if said.get("demand") == "money" else "unknown",
        pressed_shutter=_answer(said.get("pressed_shutter")),
        assignment=_answer(said.get("assignment")),
        has_file=_answer(said.get("has_file")),
        paid_for=_yes_no(paid(case)),
        police_wanted="yes" if may(case, Purpose.POLICE, now) else "unknown",
        exposure_limit=cast(Exposure, said.get("exposure_limit", "uploader_possible")),
        # A hold is no lack of consent: what it stops waits, and is planned for.
        authorised=consented(case, now),
        attested=case.level == Level.ATTESTED,
        trusted_flagger=settings.get("trusted_flagger"),
    )


def consented(case: Case, now: datetime) -> bool:
    """Whether she allows us to write, whatever else may make it wait."""
    return case.consents.filter(
        purpose=Purpose.NOTIFY, withdrawn_at=None, given_at__lte=now, expires_at__gt=now
    ).exists()


def _yes_no(value: bool | None) -> Answer:
    return "unknown" if value is None else "yes" if value else "no"


def _answer(value: str | None) -> Answer:
    return cast(Answer, value) if value in ("yes", "no") else "unknown"


_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[\w-]{2,}")


def hers(case: Case) -> frozenset[str]:
    """Her own mail addresses, as far as the case knows them, however they are written ("E-Mail:anna@x.org"): no desk
    is ever one of these."""
    return frozenset(one.strip(".").lower() for one in _ADDRESS.findall(str(case.safe_contact or "")))


WORK = "the picture or video shown at the addresses named here, {how}"


def copyright(said: Mapping[str, str]) -> Copyright | None:
    """What she and a worker said (``knowing.answers``) about who holds the right; None where nobody was asked."""
    if not {"pressed_shutter", "assignment"} & set(said):
        return None
    pressed, assigned = said.get("pressed_shutter"), said.get("assignment") == "yes"
    how = "taken by the depicted person herself" if pressed == "yes" else "whose rights were signed over to her"
    return Copyright(
        photographer={"yes": True, "no": False}.get(pressed or ""), assignment=assigned, work=WORK.format(how=how),
        fair_use=said.get("fair_use") == "yes", perjury=said.get("perjury") == "yes",
    )  # fmt: skip


def backing(case: Case, now: datetime) -> dict[str, str]:
    """What stands behind a notice and may be named to a desk, with its day: her letter of authority (``signed``) and a
    statement that name and face matched (``stated``). Neither names her."""
    return backing_of([case.pk], now)[case.pk]


def backing_of(cases: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, dict[str, str]]:
    """The same of many cases, with two questions."""
    found = {"signed": authority.signed(cases), "stated": proving.stated(cases, now)}
    return {
        case: {word: days[case].date().isoformat() for word, days in found.items() if case in days} for case in cases
    }


def hash_lists(said: Mapping[str, str]) -> HashLists:
    return HashLists(
        lists=("StopNCII.org",), on_device=said.get("has_file") == "yes",
        pin_explained=said.get("pin_explained") == "yes",
    )  # fmt: skip


def never_told(notice: Notice) -> bool:
    """Whether the recipient belongs to somebody who must never hear of it, as things stand at this moment."""
    avoid = avoiding.known(notice.case)
    found = reach.Reach({}, suspects=avoid.places, names=avoid.names, numbers=avoid.numbers)
    return reach.belongs(notice.contact, notice.route.party_name, found)


_NUMBER = re.compile(r"\+?\d[\d\s()/.\-]{4,}\d")


def unwelcome(case: Case, contact: str, name: str = "", finding: Finding | None = None) -> str:
    """Why nobody may turn there, in words for a worker, "" where nothing speaks against it. For what a person typed:
    any address, site or number in the lines counts, and so do the names of those who must never hear of it."""
    avoid = avoiding.known(case)
    found = reach.Reach({}, suspects=avoid.places, names=avoid.names, numbers=avoid.numbers)
    lines = unicodedata.normalize("NFKC", f"{contact}\n{name}")
    words = [one.strip("<>()[]\"',;.") for one in re.split(r"[\s,;<>]+", lines)]
    words = [part for one in words for part in (one, one.removeprefix("mailto:").removeprefix("tel:")) if part]
    words += decode.in_text(lines)
    numbers = _NUMBER.findall(lines)
    places = [contact, name, *words, *numbers]
    if any(reach.belongs(one, "", found) for one in places if one) or reach.belongs("", lines, found):
        return _("This leads to somebody who must never hear of it.")
    if {reach.bare(one) for one in hers(case)} & {reach.bare(one) for one in words}:
        return _("This is her own address.")
    if finding is not None and hostile(finding.site):
        domains = networks.domains(finding.site)
        if any(reach.under_any(one, domains) for one in words):
            return _("This belongs to the operator of the site, who must never be written to.")
    return ""


def hostile_desk(notice: Notice) -> bool:
    """Whether the recipient stands under a domain of a hostile operator, whatever its role."""
    site = notice.finding.site
    return hostile(site) and reach.under_any(notice.contact, networks.domains(site))


def nature(case: Case) -> str:
    """The law's word. Only what is known to be made by a computer is called so."""
    return NATURE.get(case.acquisition, "authentic")


def paid(case: Case) -> bool | None:
    """Whether she is paid for such content. None: nobody knows how it was obtained, so nobody may say."""
    if case.acquisition == "commercial_leak":
        return True
    return False if case.acquisition in load().words["acquisition_path"] else None


def finding_facts(finding: Finding, ladder_began: datetime, now: datetime) -> plan.FindingFacts:
    from efface.takedown import drafting

    kind = SITE_TYPE.get(finding.site.kind, finding.site.kind)
    never = hostile(finding.site)
    domains = networks.domains(finding.site)
    return plan.FindingFacts(
        confirmed=ladder_began,
        age=PLAN_AGE[finding.age],
        site_type=kind if kind in load().words["site_type"] else "ugc_forum",
        hostility="hostile_or_extortionate" if never else str(finding.site.hostility),
        returns=finding.episode - 1,
        remaining=remaining(finding),
        asked=asked(finding, now),
        group=domains,
        group_contacts=networks.desks(domains),
        probe=drafting.probe(finding, now),
    )


def asked(finding: Finding, now: datetime) -> Answer:
    """Whether an operator or host was asked about it and has had its time: it gave up, or the law's clock has ended."""
    routes = Route.objects.filter(finding=finding, role__in=("operator", "host", "cdn"))
    sent = Notice.objects.filter(route__in=routes, sent_at__isnull=False)
    if sent.filter(route__state=Route.State.DEAD).exists() or sent.filter(clock_due__lte=now).exists():
        return "yes"
    return "yes" if _asked_by_hand(finding, now) else "no"


ASKED_ROLES = ("operator", "host", "cdn", "platform", "site_operator", "origin_host", "app_store")


def _asked_by_hand(finding: Finding, now: datetime) -> bool:
    """The same of steps a person took: they refuse, or their time is over."""
    over = Q(answered_as=Step.Answer.REFUSED) | Q(clock_due__lte=now, answered_as__in=("", Step.Answer.RECEIVED))
    about = Q(finding=finding) | Q(finding__site_id=finding.site_id)
    steps = Step.objects.filter(about, case_id=finding.case_id, role__in=ASKED_ROLES, state=Step.State.DONE)
    return steps.filter(over, episode=finding.episode).exists()


def ladder_began(finding: Finding, now: datetime) -> datetime:
    """When the first plan of this episode was made: the ladder's hours count from there."""
    first = Route.objects.filter(finding=finding, episode=finding.episode).order_by("planned_at").first()
    return first.planned_at if first else now


def remaining(finding: Finding) -> frozenset[str]:
    """The hosts that still serve something after a partial removal; empty where all of it stands."""
    if finding.state != FindingState.PARTIAL:
        return frozenset()
    return frozenset(filter(None, (urlsplit(url).hostname for url in alive(finding))))


def alive(finding: Finding) -> list[str]:
    """The addresses of the asset set that the last check still saw served; all of them without such a check."""
    urls = [(str(one.url), one.role) for one in assets(finding)]
    last = Check.objects.filter(finding=finding, episode=finding.episode).order_by("-at", "-id").first()
    if last is None or last.state != FindingState.PARTIAL or last.observation is None:
        return [url for url, _ in urls]
    seen: Observation = from_wire(Observation, last.observation)
    kind, _ = sight.page(seen, frozenset())
    still = {one.facts.url for one in seen.media if sight.media(one) in ("alive", "cached", "near", "unlike", "unread")}
    if kind in sight.PRESENT:
        still |= {url for url, role in urls if role == "page"}
    return [url for url, _ in urls if url in still] or [url for url, _ in urls]


def assets(finding: Finding, *, listings: bool = False) -> list[Asset]:
    """Pages first, then full media, then the rest; search results only where asked for: they are no part of what a host
    is written about."""
    return assets_of([finding], listings=listings)[finding.pk]


def assets_of(findings: Collection[Finding], *, listings: bool = False) -> dict[uuid.UUID, list[Asset]]:
    """The same of many findings, with one question."""
    found: dict[uuid.UUID, list[Asset]] = {finding.pk: [] for finding in findings}
    for one in Asset.objects.filter(finding__in=found):
        if one.url and (listings or one.role != "search"):
            found[one.finding_id].append(one)
    return {finding: _in_order(rows) for finding, rows in found.items()}


def _in_order(rows: Iterable[Asset]) -> list[Asset]:
    order = {"page": 0, "media": 1, "cdn": 2}
    return sorted(rows, key=lambda one: (order.get(one.role, 3), one.added_at, one.pk))


def clips(finding: Finding, rows: Iterable[Asset], now: datetime) -> tuple[list[str], bool]:
    """What the finding's videos are compared by (base64 of ``VideoPrint``), hers first; and whether all of ``rows``,
    its assets, are known to be pictures that do not move."""
    shown = [one for one in rows if one.role != "page"]
    files = [bytes.fromhex(one.sha256) for one in shown if one.sha256]
    met = {
        bytes(row.sha256).hex(): bytes(row.clip)
        for row in Media.objects.filter(sha256__in=files, error="").only("sha256", "clip")
    }
    hers = _enrolled_clips(finding, now)
    found = [*hers, *(b64encode(clip).decode() for clip in met.values() if clip)]
    still = not found and all(one.sha256 in met or ends_as_still(str(one.url)) for one in shown)
    return found, still


def _enrolled_clips(finding: Finding, now: datetime) -> list[str]:
    """The videos of hers that the finding was matched by, where they may be compared with."""
    reasons = [one for one in finding.match.reasons if one.get("kind") == "video" and one.get("fingerprint")]
    if not reasons or not may(finding.case, Purpose.HASH_MATCH, now):
        return []
    rows = Fingerprint.objects.filter(
        case_id=finding.case_id, kind=FingerprintKind.VIDEO, retired_at=None,
        pk__in=[one["fingerprint"] for one in reasons],
    )  # fmt: skip
    values = [row.value for row in rows.order_by("created", "pk") if isinstance(row.value, dict)]
    return [str(value["clip"]) for value in values if value.get("clip")]


def claim(finding: Finding) -> verdict.Claim | None:
    """What may be said of a finding that was not found any more."""
    return verdict.claim(past_checks(finding))


def may_compare_closely(finding: Finding, now: datetime) -> bool:
    """Whether her pictures' local features or copy vectors may be compared with what stands there now."""
    return bool(may(finding.case, Purpose.COPY_MATCH, now))


def page_now(finding: Finding, rows: list[Asset]) -> str:
    """Where the page stands now: a page that moved has its new address added to ``rows``, its assets."""
    return next((str(one.url) for one in reversed(rows) if one.role == "page"), str(finding.page_url))


def last_seen(finding: Finding, checked: datetime | None) -> datetime:
    """When it was last seen there: by the check ``checked``, or when a person confirmed the sighting."""
    sighting = finding.match.sighting  # none where its site was stopped since
    sighted = sighting.last_seen if sighting is not None else finding.confirmed_at
    return max(filter(None, (checked, min(sighted, finding.confirmed_at))))


def past_checks(finding: Finding) -> list[verdict.PastCheck]:
    rows = Check.objects.filter(finding=finding).order_by("at", "id").only("at", "row", "state", "control_ok", "places")
    return [verdict.PastCheck(row.at, row.row, row.state, row.control_ok, row.places) for row in rows]


def worth(dossier: Dossier, now: datetime) -> dict[tuple[str, str], Worth]:
    """(party key, contact's value as the dossier writes it) -> its worth by all that was ever observed of it, how mail
    to it fared and what came of notices to its desk."""
    ranked = ordering.of_parties((party.key for party in dossier.parties), now)
    found = {}
    for party in dossier.parties:
        ranking = ranked.get(party.key[:200])
        if ranking is None:
            continue
        placed = {(one.channel, one.value): one for one in (*ranking.contacts, *ranking.held_back, *ranking.dead)}
        for contact in party.contacts:
            one = placed.get((contact.channel, contacts.plain(contact.channel, contact.value)))
            if one is not None:
                found[party.key, contact.value] = Worth(one.score, "; ".join(one.reasons)[:300])
    return found


def delivery(values: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Contact value to the plan's word."""
    known = contacts.states(values)
    return {value: DELIVERY[ContactState(state)] for (_, value), state in known.items() if state in DELIVERY}


def outcomes(party_keys: Iterable[str], roles: Iterable[str]) -> dict[tuple[str, str], odds.Outcome]:
    """What earlier notices to these parties, and to all of these roles, achieved; of the last ``MOST_OUTCOMES``."""
    wanted = set(party_keys)
    rows: dict[tuple[str, str], list[tuple[bool, float | None]]] = defaultdict(list)
    parties: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    found = Outcome.objects.filter(role__in=set(roles)).order_by("-pk")
    columns = ("party_key", "role", "notice_type", "removed", "hours")
    for party, role, kind, removed, hours in found.values_list(*columns)[:MOST_OUTCOMES]:
        key = (f"role:{role}", kind)
        rows[key].append((removed, hours))
        parties[key][party][0] += removed
        parties[key][party][1] += 1
        if party in wanted:
            rows[party, kind].append((removed, hours))
    summed = {}
    for key, group in rows.items():
        alike = odds.strength((k, n) for k, n in parties[key].values()) if key in parties else odds.WEAKEST
        summed[key] = _sum(group, alike)
    return summed


def _sum(rows: list[tuple[bool, float | None]], strength: float) -> odds.Outcome:
    hours = [lasted for removed, lasted in rows if removed and lasted is not None]
    half = float(median(hours)) if hours else 0.0
    return odds.Outcome(len(rows), sum(removed for removed, _ in rows), half, strength)


def copies_gone(finding: Finding) -> list[uuid.UUID]:
    """Findings of the same case, of the same picture, that were gone before this one was confirmed."""
    ours = {value for one in assets(finding) for value in one.pdq[:1]}
    before = Finding.objects.filter(case_id=finding.case_id, gone_at__lt=finding.match.made_at).exclude(pk=finding.pk)
    return [
        other.pk
        for other in before.order_by("gone_at")
        if hamming.least_distance(ours, {value for one in assets(other) for value in one.pdq}) <= hamming.MATCH
    ]
