"""The API itself: made here, described by its own OpenAPI file, every error a problem that says what to do."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from efface.api import problems
from efface.partners.models import Partner

VERSION = "1"
DESCRIPTION = (
    "For partners of an organisation that runs Efface: open a case, hand links in, read how they stand. No picture, no "
    "name and no address of a page ever comes back. Every request carries `Authorization: Bearer KEY`; every POST that "
    "changes something carries an `Idempotency-Key`, new for each request, so that sending it twice does it once."
)

api = NinjaAPI(
    title="Efface", version=VERSION, description=DESCRIPTION, docs_url=None, openapi_url=None, urls_namespace="api"
)


class Bearer:
    """Says in the OpenAPI file that a key is needed, and with which scope; the gate has looked at it already."""

    openapi_name = "Key"
    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __init__(self, scope: str = "") -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Partner:
        partner: Partner = request.partner  # type: ignore[attr-defined]
        if self.scope and self.scope not in partner.scopes:
            raise problems.scope(self.scope)
        return partner


@api.exception_handler(problems.Problem)
def _problem(request: HttpRequest, error: Any) -> HttpResponse:
    request.keeps = error.keep  # type: ignore[attr-defined]
    return error.answer()


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    # Where and why, never what: a value may be anything.
    found = [{"at": [str(part) for part in one["loc"]], "why": one["msg"][:200]} for one in error.errors[:20]]
    return problems.respond(
        422, "invalid", "The request does not have its shape", "See problems, and the OpenAPI file.", problems=found
    )


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    return problems.unknown("thing").answer()


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: Any) -> HttpResponse:
    return problems.respond(
        error.status_code, "unreadable", "The request cannot be read", "Send JSON in UTF-8 as the OpenAPI file says."
    )
