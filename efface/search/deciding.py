"""A person decides about a candidate. Nothing is a finding until somebody said so.

Age is asked of each finding, not of the case (DESIGN 3.3): a copy by PDQ of a picture she declared adult is adult; a
face on another picture says nothing about when it was made, so nothing is captured and nothing sent until she, or a
lead, has answered. Under 18 stops the finding for good.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from efface.cases import active, events, fingerprints
from efface.cases.may import may
from efface.cases.models import Age, Case, Fingerprint, FingerprintKind, Purpose
from efface.search import assets, frontier, revising
from efface.search.matching import COPIES, PURPOSE, near
from efface.search.media import Met, of_sighting
from efface.search.models import Asset, Finding, Match, Sighting
from efface.sites.models import Site
from efface.vision.hamming import MATCH, least_distance

OPEN = (Match.State.CANDIDATE, Match.State.ASKED)
PEOPLE = ("caseworker", "lead")
"""Who may put a candidate in front of her: the first part of an actor."""
UNDER_18 = "under 18: only hotline and police"
MOST_OF_IT = 0.5
"""Share of a picture or video met that must be the enrolled one for it to be as old."""


class DecisionRefused(ValueError):
    """The decision cannot be taken; the message says why. Nothing has changed."""


def confirm(match: Match, actor: str, why: str, now: datetime) -> Finding:
    """It is hers: make the finding with its asset set. Doing it twice gives the same finding. Raises
    ``DecisionRefused`` where the case may not be used, or it was decided otherwise."""
    match = _locked(match)
    if match.state == Match.State.CONFIRMED:
        return Finding.objects.get(match=match)
    case = _usable(match, now)
    again = Finding.objects.select_for_update().filter(match=match).first()
    if again is not None:
        return revising.confirmed_again(match, again, actor, why, now)
    if match.sighting is None:
        raise DecisionRefused(_("Its site was stopped, and what was met there is not kept."))
    if not _decide(match, Match.State.CONFIRMED, actor, why, now, also=(Match.State.REJECTED,)):
        raise DecisionRefused(_("This was decided already."))
    trusted, age = _judged(match, case)
    finding = Finding(
        organisation_id=match.organisation_id, case=case, match=match, site_id=match.sighting.site_id, age=age,
        confirmed_at=now,
    )  # fmt: skip
    finding.page_url, finding.baseline = match.page_url, match.baseline
    finding.save()
    assets.page(finding, now)
    assets.add(finding, trusted, now)
    # A site with a finding is looked at sooner: what was put up once is put up again.
    Site.objects.filter(pk=finding.site_id).update(quiet_visits=0, visit_hours=24.0)
    events.record(case, "finding.confirmed", actor, subject=finding.pk, now=now, match=str(match.pk), why=why)
    if age == Age.MINOR:
        _stop(finding, actor, now)
    elif age == Age.ADULT:
        events.record(case, "finding.age_known", actor, subject=finding.pk, now=now, age=str(age), inherited=True)
    return finding


def reject(match: Match, actor: str, why: str, now: datetime) -> None:
    """It is not hers. It stays rejected, whatever is met on that page again."""
    match = _locked(match)
    if _decide(match, Match.State.REJECTED, actor, why, now):
        events.record(match.case, "match.rejected", actor, subject=match.pk, now=now, why=why)
    elif match.state != Match.State.REJECTED:
        raise DecisionRefused(_("This was decided already."))


def ask(match: Match, actor: str, now: datetime) -> None:
    """Ask her in the portal. A caseworker does so, never the machine: what a face was found on is seen by a person who
    spoke with her before it is shown to whoever holds her code."""
    if actor.partition(":")[0] not in PEOPLE:
        raise DecisionRefused(_("A person asks her, never a machine."))
    match = _locked(match)
    _usable(match, now)
    if Match.objects.filter(pk=match.pk, state=Match.State.CANDIDATE).update(state=Match.State.ASKED):
        events.record(match.case, "match.asked", actor, subject=match.pk, now=now)
    elif match.state != Match.State.ASKED:
        raise DecisionRefused(_("This was decided already."))


def answer(match: Match, said: str, age: str, actor: str, now: datetime) -> Finding | None:
    """Her answer: "me" with her age in the picture ("adult", "minor", "unknown"), "not-me", or "own" (she put it there
    herself and wants it left). Returns the finding where there is one."""
    if said == "me":
        finding = confirm(match, actor, "said so herself", now)
        if age in (Age.ADULT, Age.MINOR):
            set_age(finding, age, actor, now)
        finding.refresh_from_db()
        return finding
    if said == "not-me":
        reject(match, actor, "said it is not her", now)
        return None
    if said != "own":
        raise ValueError('said must be "me", "not-me" or "own"')
    match = _locked(match)
    if _decide(match, Match.State.OWN, actor, "her own, to be left", now):
        events.record(match.case, "match.own", actor, subject=match.pk, now=now)
    elif match.state != Match.State.OWN:
        raise DecisionRefused(_("This was decided already."))
    return None


def set_age(finding: Finding, age: str, actor: str, now: datetime) -> None:
    """How old she was in this picture, by her or a lead. "adult" opens the way to proof and notices; "minor" stops it,
    also later, with every copy of it and the enrolled picture; "minor" is never taken back here."""
    if age not in (Age.ADULT, Age.MINOR):
        raise ValueError('age must be "adult" or "minor"')
    finding = Finding.objects.select_for_update().get(pk=finding.pk)
    if finding.age == age:
        return
    if finding.age == Age.MINOR:
        raise DecisionRefused(_("This picture was said to show somebody under 18; nothing more is done with it here."))
    Finding.objects.filter(pk=finding.pk).update(age=age)
    finding.age = age
    if age == Age.MINOR:
        copies = _copies(finding, *_retire(finding.match, actor, now))
        for one in (finding, *copies):
            _stop(one, actor, now)
        return
    events.record(finding.case, "finding.age_known", actor, subject=finding.pk, now=now, age=age, inherited=False)


def stop_all(case: Case, actor: str, now: datetime) -> None:
    """Under 18, said for the whole case: every finding of it."""
    for finding in Finding.objects.select_for_update().filter(case=case).exclude(stopped=UNDER_18).order_by("pk"):
        _stop(finding, actor, now)


def age_in(match: Match) -> str:
    """How old she is known to have been in what this candidate shows, one of ``Age``. Inside the organisation's
    transaction."""
    return _judged(match, match.case)[1]


def _retire(match: Match, actor: str, now: datetime) -> tuple[list[list[str]], set[str]]:
    """The enrolled pictures this match is a copy of show somebody under 18: used no more, and what is met or decided
    later inherits that. Returns their hashes, and the ids of all fingerprints of them. What says more than a hash is
    emptied; its row stays, so that what names it knows the age."""
    named = [uuid.UUID(reason["fingerprint"]) for reason in match.reasons if reason["kind"] in COPIES]
    rows = list(Fingerprint.objects.filter(case=match.case_id, pk__in=named))
    same = {one.pk: one for row in rows for one in fingerprints.of_same_file(row)}
    hashes = [row.value["pdq"] for row in same.values() if row.kind == FingerprintKind.PDQ and row.value]
    Fingerprint.objects.filter(pk__in=list(same)).update(age=Age.MINOR)
    Fingerprint.objects.filter(pk__in=list(same), kind__in=fingerprints.MORE_THAN_A_HASH).update(
        value=None, retired_at=now
    )
    for row in rows:
        fingerprints.retire(row, actor, now)
    active.announce(match.case_id)
    return hashes, {str(pk) for pk in same}


def _copies(finding: Finding, enrolled: list[list[str]], named: set[str]) -> list[Finding]:
    """The case's other findings that show one of its pictures, or one of those enrolled ones: by hash, and by whatever
    else they were recognised by. Asked before hashes go."""
    hers = assets.pictures(finding) + enrolled
    rows = assets.of_case(finding.case).exclude(finding__stopped=UNDER_18).exclude(finding=finding)
    found = {
        row.finding_id for row in rows if any(least_distance(row.pdq, hashes[:1]) <= MATCH for hashes in hers)
    }  # fmt: skip
    others = Finding.objects.filter(case=finding.case_id).exclude(stopped=UNDER_18).exclude(pk=finding.pk)
    for other in others.select_related("match"):
        if any(reason["kind"] in COPIES and reason["fingerprint"] in named for reason in other.match.reasons):
            found.add(other.pk)
    return list(Finding.objects.select_for_update().filter(pk__in=found).order_by("pk"))


def _stop(finding: Finding, actor: str, now: datetime) -> None:
    """No capture, no notice, no further look at the page. Hashes of it are dropped."""
    Finding.objects.filter(pk=finding.pk).update(age=Age.MINOR, stopped=UNDER_18)
    finding.age, finding.stopped = Age.MINOR, UNDER_18
    Asset.objects.filter(finding=finding).update(pdq=[], sha256="")
    frontier.stop(bytes(finding.match.page_digest))
    events.record(finding.case, "finding.stopped", actor, subject=finding.pk, now=now, reason=UNDER_18)


def _locked(match: Match) -> Match:
    return Match.objects.select_for_update(of=("self",)).select_related("case", "sighting").get(pk=match.pk)


def _usable(match: Match, now: datetime) -> Case:
    allowed = may(match.case, PURPOSE.get(match.kind, Purpose.HASH_MATCH), now)
    if not allowed:
        raise DecisionRefused(str(allowed.reason))
    return match.case


def _decide(match: Match, state: str, actor: str, why: str, now: datetime, also: tuple[str, ...] = ()) -> bool:
    """One decision wins; ``also`` are states besides the open ones from which it may be taken (a mistake mended)."""
    changed = Match.objects.filter(pk=match.pk, state__in=(*OPEN, *also)).update(
        state=state, decided_at=now, decided_by=actor[:60], decided_why=why[:200]
    )
    return bool(changed)


def _judged(match: Match, case: Case) -> tuple[list[Met], str]:
    """The media that belong to the finding, and the age that their pictures are known to have.

    Where some are copies of pictures she declared, those are the finding; a further picture met by face only is not
    theirs, its age is not known, and it is left out."""
    met = _on_page(match)
    by_sighting = {str(one.sighting): one for one in met}
    ages = _declared(match, case)
    by_picture = [by_sighting[key] for key in ages if key in by_sighting]
    adult_before = _adult_pictures(case)
    by_face = [
        by_sighting[reason["sighting"]] for reason in match.reasons
        if reason["kind"] == "face" and reason["sighting"] in by_sighting
    ]  # fmt: skip
    if by_picture:
        age = Age.MINOR if Age.MINOR in ages.values() else Age.UNKNOWN if Age.UNKNOWN in ages.values() else Age.ADULT
        return _with_siblings(by_picture, met), age
    copies = [one for one in by_face if near(one, adult_before)]
    if copies:
        return _with_siblings(copies, met), Age.ADULT
    if not by_face and match.kind in ("text", "reported"):
        # Nothing was recognised: the picture that stands for the page is what must go.
        by_face = [one for one in met if one.sighting == match.sighting_id]
    return _with_siblings(by_face, met), Age.UNKNOWN


def _declared(match: Match, case: Case) -> dict[str, str]:
    """Sighting to the age of the enrolled picture that it is a copy of; the least certain where several are. What
    shares a part with an enrolled picture only weakly may be another picture of the same room, and what shows one in a
    corner, for some seconds or among others may show more: of those the age is not known."""
    reasons = [reason for reason in match.reasons if reason["kind"] in COPIES]
    # A vector says that it is a copy and not how much of one: it counts where nothing else says more.
    better = {reason["sighting"] for reason in reasons if reason["kind"] != "vector"}
    reasons = [reason for reason in reasons if reason["kind"] != "vector" or reason["sighting"] not in better]
    rows = Fingerprint.objects.filter(case=case, pk__in=[uuid.UUID(reason["fingerprint"]) for reason in reasons])
    of = {str(pk): age for pk, age in rows.values_list("pk", "age")}
    found: dict[str, str] = {}
    order = (Age.MINOR, Age.UNKNOWN, Age.ADULT)
    for reason in reasons:
        age = of.get(reason["fingerprint"], Age.UNKNOWN)
        if age == Age.ADULT and not _is_all_of_it(reason):
            age = Age.UNKNOWN
        found[reason["sighting"]] = min(found.get(reason["sighting"], Age.ADULT), age, key=order.index)
    return found


def _is_all_of_it(reason: Mapping[str, Any]) -> bool:
    """Whether the picture or video met is the enrolled one and hardly anything else."""
    if not reason.get("strong", True):
        return False
    if reason["kind"] == "vector":
        return False
    if reason["kind"] == "local":
        return _area(reason.get("region") or []) >= MOST_OF_IT
    return reason["kind"] != "video" or float(reason.get("share", 0.0)) >= MOST_OF_IT


def _area(corners: Sequence[float]) -> float:
    """Share of the picture that a polygon covers; parts outside of it do not count."""
    xs, ys = ([min(1.0, max(0.0, value)) for value in corners[start::2]] for start in (0, 1))
    pairs = zip(xs, ys, [*xs[1:], *xs[:1]], [*ys[1:], *ys[:1]], strict=True)
    return abs(sum(x * down - across * y for x, y, across, down in pairs)) / 2


def _adult_pictures(case: Case) -> list[list[str]]:
    """Hashes of pictures of this case's findings that were said to show an adult."""
    return [row.pdq for row in assets.of_case(case) if row.finding.age == Age.ADULT and not row.finding.stopped]


def _with_siblings(hers: Sequence[Met], met: Sequence[Met]) -> list[Met]:
    """The pictures that are hers, and whatever else on the page is the same picture: thumbnails, other sizes."""
    taken = {one.sighting for one in hers}
    known = [one.pdq for one in hers if one.pdq]
    return [one for one in met if one.sighting in taken or near(one, known)]


def _on_page(match: Match) -> list[Met]:
    """What stood on the page when it was read last, and the thumbnails of lists that stand for it."""
    rows = list(Sighting.objects.filter(page_digest=match.page_digest, link_digest=None).select_related("media"))
    latest = max((row.last_seen for row in rows), default=None)
    rows = [row for row in rows if row.last_seen == latest or row.pk == match.sighting_id]
    rows += Sighting.objects.filter(link_digest=match.page_digest).select_related("media")[:20]
    return [of_sighting(row) for row in rows]
