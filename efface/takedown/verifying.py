"""Checks: is it still there? Load, look through the fetcher, judge (``verdict``), save, set the next check.

A check writes one ``Check`` row and moves the finding's state; what follows from a change (gone, back, moved, partly
gone) is set in motion in the same transaction.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from efface.cases import events
from efface.cases.may import may
from efface.cases.models import Age, Case, Purpose
from efface.engine.base import clock, deadlines, leases, settings, tenancy
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline
from efface.evidence import fetching
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import (
    AssetRef,
    Baseline,
    Observation,
    ObserveRequest,
    PageLook,
    ProtocolError,
    from_wire,
    to_wire,
)
from efface.net.spacing import MOST_PAGES
from efface.search import urls
from efface.search.matcher.client import Comparer, Matcher, MatcherRefused, MatcherUnavailable
from efface.search.matcher.hits import Compare
from efface.search.models import Asset, Finding, FindingState, Frontier
from efface.sites import turns
from efface.takedown import copies, facts, ladder, listing, locking, outcomes, planning, sight, verdict, widening
from efface.takedown.models import Check, Route

log = logging.getLogger(__name__)
USES = (Purpose.NOTIFY, Purpose.HASH_MATCH, Purpose.FACE_SEARCH)
AGAIN = timedelta(minutes=30)
MOST_ASSETS, MOST_HASHES, MOST_CONTROLS, MOST_CLIPS = 60, 64, 60, 6
FEW = 5
MOST_STRANGERS = 50
GONE = (FindingState.GONE_CONFIRMED, FindingState.DELISTING_PENDING)


class NotInConflict(ValueError):
    """The finding's checks do not (any more) disagree."""


@dataclass(frozen=True, slots=True)
class Task:
    request: ObserveRequest
    episode: int
    walls_before: frozenset[str]
    case: uuid.UUID | None = None


def request(finding: Finding) -> None:
    """Ask for a check now. Several requests that wait are one."""
    check.defer(organisation=finding.organisation_id, once=f"check:{finding.pk}", finding=finding.pk)


def allowed(finding: Finding, now: datetime) -> bool:
    """Looking is a use too: an open case, an adult, a consent that stands."""
    return finding.age == Age.ADULT and not finding.stopped and any(may(finding.case, one, now) for one in USES)


@job("verify")
def check(organisation: uuid.UUID, finding: uuid.UUID) -> None:
    with tenancy.organisation(organisation):
        task = _load(finding, clock.now())
    if task is None:
        return
    try:
        with turns.asking(_pages(task.request), clock.now(), first=True, pages=MOST_PAGES) as pace_s:
            asked = replace(task.request, pace_s=pace_s)
            seen = fetching.patiently(lambda one: one.observe(asked))
    except leases.Held as held:
        with tenancy.organisation(organisation):
            _next(Finding.objects.get(pk=finding), clock.now() + timedelta(seconds=held.wait_s), grid=False)
        return
    except FetcherUnavailable:
        with tenancy.organisation(organisation):
            _next(Finding.objects.get(pk=finding), clock.now() + AGAIN, grid=False)
        return
    except FetcherRefused as error:
        log.warning("check of finding %s refused: %s", finding, error.error)
        seen = Observation(elsewhere_ok=False)
    seen = _closely(seen, task)
    listed = listing.ask(organisation, finding, seen, clock.now())
    with tenancy.organisation(organisation):
        save(finding, task, seen, clock.now(), listed)


def _pages(request: ObserveRequest) -> list[str]:
    """The addresses whose sites are asked for pages; media are part of what their pages show."""
    return [one.url for one in request.assets if one.role == "page"] + [request.control_url]


def matcher() -> Comparer:
    return Matcher(settings.run_folder() / "matcher.sock")


def _closely(seen: Observation, task: Task) -> Observation:
    """What was handed to the matcher, with its answer."""
    shown = copies.questions(seen)
    if not shown:
        return seen
    try:
        answer = matcher().compare(Compare(task.request.token, shown))
    except (MatcherUnavailable, MatcherRefused) as error:
        log.warning("a check was not compared closely: %s", error)
        return copies.uncompared(seen)
    return copies.marked(seen, shown, answer.hits, {str(task.case)})


def _load(finding: uuid.UUID, now: datetime) -> Task | None:
    row = Finding.objects.select_related("case", "site").filter(pk=finding).first()
    if row is None or not allowed(row, now) or row.page_url is None:
        return None
    rows = facts.assets(row, listings=True)
    clips, still = facts.clips(row, rows, now)
    # The first page is the one looked at: that is where it stands now, not where it once stood.
    page = facts.page_now(row, rows)
    rows.sort(key=lambda one: str(one.url) != page)
    return Task(
        ObserveRequest(
            assets=[AssetRef(one.role, str(one.url)) for one in rows[:MOST_ASSETS]],
            pdq=sorted({value for one in rows for value in one.pdq})[:MOST_HASHES],
            sha256=sorted({one.sha256 for one in rows if one.sha256})[:MOST_HASHES],
            clips=clips[:MOST_CLIPS],
            still=still,
            baseline=baseline(row),
            control_url=control(row, {bytes(one.url_digest) for one in rows}),
            token=secrets.token_hex(16),
            looks=facts.may_compare_closely(row, now),
        ),
        row.episode,
        walls_before(row),
        row.case_id,
    )


def baseline(finding: Finding) -> Baseline | None:
    """What the page said when the finding was confirmed, None where nothing usable was kept."""
    try:
        kept: Baseline | None = from_wire(Baseline, finding.baseline) if finding.baseline else None
    except ProtocolError:
        return None
    return kept


def control(finding: Finding, own: set[bytes]) -> str:
    """Another page of the site that was there lately and holds no finding we know of, rather one of the same kind; the
    front page where none is."""
    pages = Frontier.objects.filter(site=finding.site, status=200, wall="", failures=0, visited_at__isnull=False)
    found = Asset.objects.filter(finding__site=finding.site).values_list("url_digest", flat=True)
    taken = own | {bytes(one) for one in found}
    found_urls = [str(page.url or "") for page in pages.order_by("-visited_at", "digest")[:MOST_CONTROLS]]
    usable = [url for url in found_urls if url and urls.digest(url) not in taken and not _same_page(url, finding)]
    usable.sort(key=lambda url: not sight.kin(url, str(finding.page_url)))
    usable = [*usable[:FEW], finding.site.start_url]
    # One that did not work is not asked again and again.
    return usable[_unknown_in_a_row(finding) % len(usable)]


def _unknown_in_a_row(finding: Finding) -> int:
    count = 0
    for state in Check.objects.filter(finding=finding).order_by("-at", "-id").values_list("state", flat=True)[:20]:
        if state != "unknown":
            break
        count += 1
    return count


def _same_page(url: str, finding: Finding) -> bool:
    ours, other = urlsplit(str(finding.page_url)), urlsplit(url)
    return (ours.path.rstrip("/"), ours.query) == (other.path.rstrip("/"), other.query)


def walls_before(finding: Finding) -> frozenset[str]:
    """Doors the page already had when it was first looked at."""
    return walls_before_of([finding.pk]).get(finding.pk, frozenset())


def walls_before_of(findings: Collection[uuid.UUID]) -> dict[uuid.UUID, frozenset[str]]:
    """The same of many findings, with one question; one without such a look is left out."""
    rows = Check.objects.filter(finding__in=findings).order_by("finding", "at", "id").distinct("finding")
    found = {}
    for first in rows:
        if first.state in verdict.SEEN and isinstance(first.observation, dict):
            pages: dict[str, Any] = first.observation.get("pages", {})
            found[first.finding_id] = frozenset(wall for look in pages.values() for wall in look.get("walls", []))
    return found


def save(
    finding: uuid.UUID, task: Task, seen: Observation, now: datetime, listed: bool = False
) -> Check | None:  # fmt: skip
    """Judge what was seen and keep it. A second run at the same moment, or for another episode, changes nothing."""
    row = locking.finding(finding)
    if row is None or row.episode != task.episode or not allowed(row, now):
        return None
    if Check.objects.filter(finding=row, at=now).exists():
        return None
    found = verdict.judge(
        seen, facts.past_checks(row), baseline(row), now, walls_before=task.walls_before, listed=listed
    )  # fmt: skip
    made = Check.objects.create(
        organisation_id=row.organisation_id, case_id=row.case_id, finding=row, episode=row.episode, at=now,
        row=found.row, state=found.state, reason=found.reason[:400], control_ok=found.control_ok, places=found.places,
        next_at=now + found.next_check, observation=to_wire(seen),
    )  # fmt: skip
    before = row.state
    wait = found.next_check
    if found.state in verdict.SEEN:
        _keep_baseline(row, seen)
        _widen(row, seen, now)
    if found.returned:
        came_back(row, now, found.reason)
    elif found.state != "unknown" and found.state != before:
        # What could not be seen says nothing: the state stays what it was.
        row.state = found.state
        row.save(update_fields=["state"])
        events.record(
            row.case, "finding.checked", "engine", subject=row.pk, now=now, state=found.state, reason=found.reason
        )
        _follow(row, found, before, seen, now)
    if wait == timedelta(0) and before != found.state:
        request(row)
    else:
        _next(row, now + (wait or verdict.DAY))
    return made


def _follow(finding: Finding, found: verdict.Verdict, before: str, seen: Observation, now: datetime) -> None:
    """What a change of state sets in motion."""
    if found.state == "gone-confirmed" and finding.gone_at is None:
        finding.gone_at = now
        finding.save(update_fields=["gone_at"])
        outcomes.removed(finding, now)
        ladder.close_all(finding, Route.State.DONE, "it is gone", now)
        events.record(finding.case, "finding.gone", "engine", subject=finding.pk, now=now, reason=found.reason)
    elif found.state == "moved" and found.moved_to:
        _moved(finding, found.moved_to, seen, now)
        planning.request(finding)
    elif found.state == "partial" or (before in ladder.WAITING and found.state in verdict.SEEN):
        # Somebody still serves a part of it, or it was not gone after all: on with the ladder.
        planning.request(finding)


def came_back(finding: Finding, now: datetime, why: str) -> bool:
    """It had been gone and is back: a new episode, proven anew, straight to the host. The caller holds the finding's
    lock. False where it was not gone (a second word of the same return)."""
    if finding.state not in GONE and finding.gone_at is None:
        return False
    ladder.close_all(finding, Route.State.DONE, "it was gone, and came back", now)
    finding.episode += 1
    finding.state, finding.gone_at = FindingState.REAPPEARED, None
    finding.save(update_fields=["episode", "state", "gone_at"])
    _next(finding, now + timedelta(hours=24))
    events.record(
        finding.case, "finding.reappeared", "engine", subject=finding.pk, now=now, episode=finding.episode, reason=why
    )
    return True


def _moved(finding: Finding, url: str, seen: Observation, now: datetime) -> None:
    """The page's new address joins the asset set, and so do the pictures of hers that it shows there."""
    found = [media for look in seen.pages.values() for media in look.target_media]
    for role, place in [("page", url), *(("media", media) for media in found)]:
        digest = urls.digest(place)
        if not Asset.objects.filter(finding=finding, url_digest=digest).exists():
            Asset.objects.create(
                organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding, role=role,
                url=place, url_digest=digest, host=(urlsplit(place).hostname or "")[:253], added_at=now,
            )  # fmt: skip


def _widen(finding: Finding, seen: Observation, now: datetime) -> None:
    """Other addresses of the same, met while it was seen, join the asset set."""
    rows = facts.assets(finding)
    by_url = {str(one.url): one for one in rows}
    for one in widening.widened([AssetRef(row.role, str(row.url)) for row in rows], seen)[: MOST_ASSETS - len(rows)]:
        digest = urls.digest(one.url)
        if not Asset.objects.filter(finding=finding, url_digest=digest).exists():
            twin = by_url.get(one.like)
            Asset.objects.create(
                organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding, role=one.role,
                url=one.url, url_digest=digest, host=(urlsplit(one.url).hostname or "")[:253], added_at=now,
                pdq=list(twin.pdq) if twin else [], sha256=one.sha256,
            )  # fmt: skip


def _keep_baseline(finding: Finding, seen: Observation) -> None:
    """What the page looks like while it stands there: once as it was confirmed, and its frame with the first look that
    sees it (a crawl keeps none)."""
    before = baseline(finding)
    if before is not None and before.dom_shingles:
        return
    looks = [look for look in seen.pages.values() if not look.facts.error and look.facts.status == 200]
    if before is not None:
        look: PageLook | None = next((one for one in looks if one.serves_target), None)
        if look is not None and look.dom_shingles:
            _put_baseline(finding, replace(before, dom_shingles=look.dom_shingles))
        return
    look = next((one for one in looks if one.serves_target), looks[0] if looks else None)
    if look is not None:
        _put_baseline(finding, Baseline(look.title, look.text_shingles, look.dom_shingles, look.media_urls))


def _put_baseline(finding: Finding, kept: Baseline) -> None:
    wire: Any = to_wire(kept)
    finding.baseline = wire
    finding.save(update_fields=["baseline"])


def _next(finding: Finding, due: datetime, grid: bool = True) -> None:
    deadlines.set_deadline(
        "finding.check", finding.pk, clock.align(due) if grid else due, organisation=finding.organisation_id,
        case=finding.case_id,
    )  # fmt: skip


def settle(finding: Finding, choice: str, actor: str, why: str, now: datetime) -> None:
    """A person on checks that disagree: "again" looks once more, "live" says that it is still there, "other" that the
    pictures that now stand at its addresses are not hers. Raises ``NotInConflict`` and ``ValueError``."""
    if choice not in ("again", "live", "other"):
        raise ValueError("choice must be again, live or other")
    with transaction.atomic():
        row = Finding.objects.select_for_update(of=("self",)).select_related("case").get(pk=finding.pk)
        if row.state != FindingState.CONFLICT:
            raise NotInConflict(f"the finding is {row.state}")
        if choice == "other":
            _remember_strangers(row)
        row.state = FindingState.LIVE if choice == "live" else FindingState.UNKNOWN
        row.save(update_fields=["state"])
        events.record(row.case, "conflict.settled", actor, subject=row.pk, now=now, choice=choice, why=why[:500])
        if choice == "live":
            planning.request(row)
        else:
            request(row)


def note_listing(finding: Finding, url: str, actor: str, now: datetime) -> None:
    """A search result that leads to the finding joins its asset set. Raises ``ValueError``."""
    place = urls.canonical(url)
    if not place:
        raise ValueError("That is no address of a page.")
    digest = urls.digest(place)
    if Asset.objects.filter(finding=finding, url_digest=digest).exists():
        return
    Asset.objects.create(
        organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding, role="search", url=place,
        url_digest=digest, host=(urlsplit(place).hostname or "")[:253], added_at=now,
    )  # fmt: skip
    events.record(finding.case, "listing.noted", actor, subject=finding.pk, now=now)
    request(finding)


def _remember_strangers(finding: Finding) -> None:
    last = Check.objects.filter(finding=finding).order_by("-at", "-id").first()
    seen = last_observation(last) if last is not None else None
    strangers = sight.strangers(seen, baseline(finding)) if seen is not None else []
    if not strangers:
        raise ValueError("No other picture stands there. Please choose one of the other answers.")
    kept = baseline(finding) or Baseline()
    _put_baseline(finding, replace(kept, strangers=[*kept.strangers, *strangers][-MOST_STRANGERS:]))


def last_observation(check: Check) -> Observation | None:
    """What a check saw, None where it cannot be read any more."""
    try:
        seen: Observation | None = from_wire(Observation, check.observation) if check.observation else None
    except ProtocolError:
        return None
    return seen


def request_all(case: Case, now: datetime) -> None:
    """After a pause: every finding of the case is looked at again."""
    for finding in Finding.objects.filter(case=case, stopped="", age=Age.ADULT):
        request(finding)


@deadlines.handler("finding.check")
def _due(deadline: Deadline, now: datetime) -> None:
    """The next one is set here too, should the job come to nothing; the job moves it."""
    finding = Finding.objects.filter(pk=deadline.subject).first()
    if finding is not None and not finding.stopped:
        _next(finding, now + verdict.DAY)
        request(finding)
