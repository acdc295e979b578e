from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.cases.models import Case
from efface.engine.base import clock, deadlines, outbox
from efface.engine.base.models import Deadline
from efface.evidence import capturing, fetching
from efface.evidence.capturing import Task
from efface.search.models import Finding
from efface.takedown import inbox, planning, verifying
from efface.takedown.models import Notice, Route
from efface.whereabouts.model import Contact, Dossier, Party
from tests.casework import FULL, PAGE, ScriptedFetcher, captured, make_case, make_finding, make_user
from tests.conftest import NOON, role
from tests.mailserver import Desk, serving


def mail(value: str, confidence: float = 0.8, source: str = "rdap") -> Contact:
    return Contact("email", value, source, confidence=confidence)


OPERATOR = Party("operator", "operator:pictures.example", "pictures.example", contacts=[
    mail("dmca@pictures.example", 0.9, "page"), mail("abuse@pictures.example", 0.5, "page")])  # fmt: skip
HOST = Party("host", "host:AS64500", "Example Hosting", country="DE", covers=["pictures.example"],
             contacts=[mail("abuse@host.example")])  # fmt: skip
MEDIA_HOST = Party("host", "host:AS64510", "Picture Hosting", covers=["img.pictures.example"],
                   contacts=[mail("abuse@imagehost.example")])  # fmt: skip
REGISTRAR = Party("registrar", "registrar:9", "Names", contacts=[mail("abuse@names.example", 0.9)])
SEARCH = Party("search", "search:google", "Search", contacts=[
    Contact("form", "https://search.example/form", "playbook:search_google", confidence=0.95)])  # fmt: skip
EVERYBODY = [OPERATOR, HOST, MEDIA_HOST, REGISTRAR, SEARCH]


def dossier(*parties: Party, behind: str = "", partial: list[str] | None = None) -> Dossier:
    return Dossier(PAGE, "pictures.example", "pictures.example", behind_cdn=behind, parties=list(parties) or EVERYBODY,
                   partial=partial or [])  # fmt: skip


class Office:
    """One case being worked on: drives jobs and deadlines of a moment as worker and scheduler would."""

    def __init__(self, case: Case, fetcher: ScriptedFetcher, desk: Desk) -> None:
        self.case, self.fetcher, self.desk = case, fetcher, desk
        self.user = make_user()
        self.now = NOON

    def finding(self, **more: Any) -> Finding:
        """A finding with its capture, on which everything waits that follows a capture."""
        finding = make_finding(self.case, **more)
        capturing.save(self.case.organisation_id, finding.pk, Task(self.case.pk, 1, str(finding.page_url)), captured())
        return finding

    def work(self) -> None:
        """Run every waiting job, and those they make, at this moment."""
        run = {
            "takedown.planning.advance": planning.advance, "takedown.verifying.check": verifying.check,
            "takedown.inbox.read": inbox.read, "engine.base.outbox.send": outbox.send,
            "evidence.capturing.capture": capturing.capture,
        }  # fmt: skip
        with clock.fixed(self.now):
            for _ in range(50):
                jobs = _take_jobs()
                if not jobs:
                    return
                for name, ids in jobs:
                    if name in run:
                        run[name](**{key: _id(value) for key, value in ids.items()})
        raise AssertionError("the jobs never end")

    def until(self, moment: datetime, check: Callable[[], bool] | None = None) -> None:
        """Let time pass from deadline to deadline, working off what each brings."""
        self.work()
        for _ in range(400):
            due = Deadline.objects.filter(state="waiting", due__lte=moment).order_by("due").first()
            if due is None or (check is not None and check()):
                break
            self.now = max(self.now, due.due)
            with clock.fixed(self.now), role("efface_engine"):
                while deadlines.fire(self.now):
                    pass
            self.work()
        else:
            raise AssertionError("time does not pass")
        self.now = max(self.now, moment)

    def hours(self, hours: float) -> None:
        self.until(self.now + timedelta(hours=hours))

    def approve(self, **which: Any) -> int:
        from efface.takedown import approving

        drafts = list(Notice.objects.filter(state="draft", **which))
        with clock.fixed(self.now):
            return approving.approve_all(drafts, self.user, self.now)

    def notice(self, role: str, step: int = 1) -> Notice:
        return Notice.objects.filter(route__role=role, step=step).latest("drafted_at", "pk")

    def route(self, role: str) -> Route:
        return Route.objects.get(role=role, episode=Finding.objects.get(case=self.case).episode)

    def mails(self) -> list[tuple[str, str]]:
        """(recipient, step) of every mail that arrived."""
        return [(to, str(mail["X-Efface-Step"])) for (_, to, _), mail in
                zip(self.desk.got, self.desk.messages(), strict=True)]  # fmt: skip

    def happened(self, kind: str) -> int:
        return int(self.case.caseevents.filter(kind=kind).count())


def _id(value: str) -> Any:
    try:
        return uuid.UUID(value)
    except ValueError:
        return value


def _take_jobs() -> list[tuple[str, dict[str, str]]]:
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs RETURNING id, task_name, args")
        rows = cursor.fetchall()
    return [(name, json.loads(args) if isinstance(args, str) else args) for _, name, args in sorted(rows)]


def page_looks(status: int = 200, serves: bool = True, url: str = PAGE) -> Any:
    from efface.net.protocol import FetchFacts, PageLook

    look = PageLook(FetchFacts(url=url, final_url=url, status=status, mime="text/html"), serves_target=serves,
                    text_shingles=[1, 2], dom_shingles=[3], media_urls=[FULL])  # fmt: skip
    return {"bot": look, "browser": look}


def observation(page: int = 200, media: int = 200, control: bool = True, request: Any = None) -> Any:
    """What a check saw: status of the page and of its media (200: the target is served)."""
    from efface.net.protocol import FetchFacts, MediaLook, Observation, PageLook, Picture

    looks = []
    for asset in (request.assets if request else []):
        if asset.role != "page":
            served = FetchFacts(asset.url, asset.url, media)
            looks.append(MediaLook(asset.role, served, Picture(), matches=media == 200))
    other = PageLook(FetchFacts("http://pictures.example/v/2", "http://pictures.example/v/2", 200)) if control else None
    return Observation(pages=page_looks(page, page == 200), probes=[], control=other, media=looks)


@pytest.fixture
def fetcher(monkeypatch: pytest.MonkeyPatch) -> ScriptedFetcher:
    one = ScriptedFetcher()
    one.answers = {
        "whereabouts": dossier(), "capture": captured(), "observe": lambda request: observation(request=request),
    }  # fmt: skip
    monkeypatch.setattr(fetching, "fetcher", lambda: one)
    monkeypatch.setattr(fetching, "PATIENCE_S", 0.0)
    return one


@pytest.fixture
def office(inside: Any, now: datetime, fetcher: ScriptedFetcher, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with serving(monkeypatch) as desk:
        yield Office(make_case(inside), fetcher, desk)


