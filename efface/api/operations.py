"""The operations. Each asks the room below and says what came of it; ``repeated`` makes sending twice harmless."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Body, Header, Query

from efface.api import problems, shapes
from efface.api.api import Bearer, api
from efface.cases.messages import Unusable
from efface.engine.base import clock, limits
from efface.law import load
from efface.partners import casework, feeds, repeating, reports
from efface.partners.models import Partner, Scope

OPENED = limits.Limit("api-open", 30, 60.0)
"""Cases one key opens at once; then one more a minute."""
After = Annotated[uuid.UUID | None, Query(None, description="`next` of the page before.")]
Most = Annotated[int, Query(casework.PAGE, ge=1, le=casework.LARGEST_PAGE)]
Once = Annotated[str, Header(..., alias="Idempotency-Key", min_length=8, max_length=100)]
Given = Annotated[shapes.Report, Body(..., description="A report, XARF v4.")]
NOT_FOUND = {404: shapes.ProblemShape}
OFTEN = {400: shapes.ProblemShape, 401: shapes.ProblemShape, 403: shapes.ProblemShape, 422: shapes.ProblemShape,
         429: shapes.ProblemShape}  # fmt: skip
CHANGES = OFTEN | {409: shapes.ProblemShape, 413: shapes.ProblemShape}


def partner_of(request: HttpRequest) -> Partner:
    return request.auth  # type: ignore[attr-defined]


def repeated(
    partner: Partner, key: str, asked: Any, act: Callable[[], repeating.Answer], shown_once: str = ""
) -> repeating.Answer:
    try:
        return repeating.once(partner, key, asked, clock.now(), act, shown_once=shown_once)
    except repeating.KeyUnfit as error:
        raise problems.Problem(422, "idempotency-key", "The Idempotency-Key cannot be used", str(error)) from None
    except repeating.KeyUsed as error:
        raise problems.Problem(409, "idempotency-key", "The Idempotency-Key was used before", str(error)) from None


def own_case(partner: Partner, id: uuid.UUID) -> Any:
    try:
        return casework.case_of(partner, id)
    except casework.Unknown:
        raise problems.unknown() from None


def listed(found: casework.Listed) -> dict[str, Any]:
    return {"items": list(found.rows), "next": found.after or None}


@api.get("/me", response={200: shapes.Who, **OFTEN}, auth=Bearer(), url_name="me", operation_id="me", tags=["key"])
def me(request: HttpRequest) -> Any:
    """Whose key this is, what it may do, and until when."""
    partner = partner_of(request)
    return {"name": partner.name, "scopes": partner.scopes, "expires_at": partner.expires_at}


@api.post(
    "/cases", response={201: shapes.OpenedCase, **CHANGES}, auth=Bearer(Scope.CASES_OPEN), url_name="cases",
    operation_id="open_case", tags=["cases"],
)  # fmt: skip
def open_case(request: HttpRequest, given: shapes.NewCase, key: Once) -> Any:
    """Open a case. The access code is in this answer and nowhere else: hand it to her, and keep no copy. Nothing is
    searched for and nobody is written to before she allowed it in the portal."""
    partner, asked = partner_of(request), given.dict()
    if asked["acquisition"] not in ("unknown", *load().words["acquisition_path"]):
        raise problems.Problem(
            422, "acquisition", "This way of obtaining pictures is not known",
            "Take one of acquisitions, or unknown.", acquisitions=sorted(load().words["acquisition_path"]),
        )  # fmt: skip

    def act() -> repeating.Answer:
        wait = limits.take(OPENED, str(partner.pk), clock.wall())
        if wait:
            raise problems.Problem(
                429, "too-many", "Too many cases at once", f"Please ask again in {int(wait) + 1} seconds.",
                retry_after=int(wait) + 1,
            )  # fmt: skip
        row, code = casework.open_case(partner, asked, clock.now())
        return 201, _plain(casework.case_state(row.case)) | {"access_code": code}

    return repeated(partner, key, ["open", asked], act, "access_code")


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it, so that an answer given again is the same to the letter."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in given.items()}


@api.post(
    "/calendar", response={201: shapes.Calendar, **CHANGES}, auth=Bearer(Scope.CASES_READ), url_name="calendar",
    operation_id="make_calendar", tags=["calendar"],
)  # fmt: skip
def make_calendar(request: HttpRequest, key: Once) -> Any:
    """Make the secret address of a calendar (iCalendar) with moments of your cases: opened, closed, a page gone, an
    answer due. It is in this answer and nowhere else; one made before ends. Whoever knows it can read it."""
    partner = partner_of(request)

    def act() -> repeating.Answer:
        path = reverse("partner-calendar", args=[feeds.make(partner, clock.now())])
        return 201, {"address": request.build_absolute_uri(path)}

    return repeated(partner, key, ["calendar"], act, "address")


@api.post(
    "/calendar/end", response={200: shapes.Ended, **CHANGES}, auth=Bearer(Scope.CASES_READ), url_name="calendar-end",
    operation_id="end_calendar", tags=["calendar"],
)  # fmt: skip
def end_calendar(request: HttpRequest, key: Once) -> Any:
    """End the address of your calendar, at once."""
    partner = partner_of(request)

    def act() -> repeating.Answer:
        return 200, {"ended": feeds.end(partner, casework.actor(partner), clock.now())}

    return repeated(partner, key, ["calendar", "end"], act)


@api.get(
    "/cases", response={200: shapes.Cases, **OFTEN}, auth=Bearer(Scope.CASES_READ), url_name="cases",
    operation_id="list_cases", tags=["cases"],
)  # fmt: skip
def list_cases(request: HttpRequest, after: After = None, limit: Most = casework.PAGE) -> Any:
    """The cases that this key brought, oldest first."""
    return listed(casework.cases(partner_of(request), after, limit))


@api.get(
    "/cases/{uuid:id}", response={200: shapes.CaseState, **OFTEN, **NOT_FOUND}, auth=Bearer(Scope.CASES_READ),
    url_name="case", operation_id="read_case", tags=["cases"],
)  # fmt: skip
def read_case(request: HttpRequest, id: uuid.UUID) -> Any:
    """How a case stands."""
    return casework.case_state(own_case(partner_of(request), id))


@api.get(
    "/cases/{uuid:id}/findings", response={200: shapes.Findings, **OFTEN, **NOT_FOUND}, auth=Bearer(Scope.CASES_READ),
    url_name="findings", operation_id="list_findings", tags=["cases"],
)  # fmt: skip
def list_findings(request: HttpRequest, id: uuid.UUID, after: After = None, limit: Most = casework.PAGE) -> Any:
    """How each page that was found stands: states and moments alone."""
    partner = partner_of(request)
    return listed(casework.findings(partner, own_case(partner, id), after, limit))


@api.post(
    "/cases/{uuid:id}/links", response={200: shapes.AddedLinks, **CHANGES, **NOT_FOUND}, auth=Bearer(Scope.LINKS_ADD),
    url_name="links", operation_id="add_links", tags=["links"],
)  # fmt: skip
def add_links(request: HttpRequest, id: uuid.UUID, given: shapes.NewLinks, key: Once) -> Any:
    """Hand in links where the pictures are. One you gave before is not added a second time; one that is no web address
    is said, and the others are taken."""
    partner = partner_of(request)
    case = own_case(partner, id)

    def act() -> repeating.Answer:
        return 200, {"items": [_added(partner, case, url) for url in given.urls]}

    return repeated(partner, key, ["links", str(id), given.urls], act)


def _added(partner: Partner, case: Any, url: str) -> dict[str, Any]:
    try:
        row, new = casework.add_link(partner, case, url, clock.now())
    except casework.NotOpen:
        raise problems.Problem(
            409, "not-open", "The case takes nothing new", "It is paused, closed or erased. Ask the organisation."
        ) from None
    except Unusable as error:
        return {"id": None, "again": False, "problem": str(error)}
    return {"id": str(row.pk), "again": not new, "problem": None}


@api.get(
    "/cases/{uuid:id}/links", response={200: shapes.Links, **OFTEN, **NOT_FOUND}, auth=Bearer(Scope.CASES_READ),
    url_name="links", operation_id="list_links", tags=["links"],
)  # fmt: skip
def list_links(request: HttpRequest, id: uuid.UUID, after: After = None, limit: Most = casework.PAGE) -> Any:
    """The links you handed in, by the ids you got for them, and whether somebody looked."""
    partner = partner_of(request)
    return listed(casework.case_links(partner, own_case(partner, id), after, limit))




@api.post(
    "/reports", response={201: shapes.ReportTaken, **CHANGES}, auth=Bearer(Scope.REPORTS_SEND), url_name="reports",
    operation_id="send_report", tags=["reports"],
)  # fmt: skip
def send_report(request: HttpRequest, given: Given, key: Once) -> Any:
    """Send an abuse report (XARF v4, JSON). It becomes a draft for a person. Addresses as text only: a report with a
    picture or a file in it is refused, and nothing of it is kept."""
    partner = partner_of(request)

    def act() -> repeating.Answer:
        try:
            row, _new = reports.take(partner.organisation_id, given, clock.now(), partner)
        except reports.Imagery as error:
            raise problems.Problem(422, "imagery", "Only text is taken", str(error)) from None
        except reports.NotAReport as error:
            raise problems.Problem(422, "xarf", "This is no report that can be read", str(error)) from None
        return 201, {"id": str(row.pk), "state": row.state}

    return repeated(partner, key, ["report", given], act)
