"""What goes in and out, as the OpenAPI file describes it. Unknown fields are refused: a misspelt one is not lost in
silence."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
Address = Annotated[str, StringConstraints(min_length=4, max_length=2000)]
Acquisition = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,30}$")]


class Given(Schema):
    model_config = ConfigDict(extra="forbid")


class NewCase(Given):
    """Age is how old she was when the pictures were made. ``country`` is where she lives (ISO 3166 alpha-2), or empty.
    No name, no contact, no picture: what she wants to say she says herself, in the portal."""

    age: Literal["adult", "minor", "unknown"]
    country: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    acquisition: Acquisition = "unknown"
    danger: bool = False


class CaseState(Schema):
    id: uuid.UUID
    reference: str = Field(description="To name the case by in speech.")
    state: Literal["open", "paused", "closed", "erased"]
    opened_at: datetime
    closed_at: datetime | None


class OpenedCase(CaseState):
    access_code: str | None = Field(
        description="Her way into the portal. Shown in the first answer only and kept nowhere; null where the request "
        "was repeated. If it is lost, a caseworker makes a new one."
    )


class Cases(Schema):
    items: list[CaseState]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class NewLinks(Given):
    urls: Annotated[list[Address], Field(min_length=1, max_length=50)]


class LinkState(Schema):
    id: uuid.UUID
    state: Literal["received", "looked-at"]
    added_at: datetime


class AddedLink(Schema):
    """In the order given. ``id`` is null for one that is no web address; ``again`` for one you gave before."""

    id: uuid.UUID | None
    again: bool
    problem: str | None


class AddedLinks(Schema):
    items: list[AddedLink]


class Links(Schema):
    items: list[LinkState]
    next: str | None


class FindingState(Schema):
    """How one page stands. Where it is and what it shows is hers, and not told."""

    id: uuid.UUID
    state: str
    confirmed_at: datetime
    gone_at: datetime | None
    episode: int = Field(description="1, and one more each time it came back.")


class Findings(Schema):
    items: list[FindingState]
    next: str | None


class Asked(Given):
    signal_type: Literal["pdq"] = "pdq"
    hashes: Annotated[list[Hash], Field(min_length=1, max_length=100)]


class Known(Schema):
    """One answer for each hash, in order. ``pad`` makes every answer as long as every other."""

    matches: list[bool]
    pad: str


class Calendar(Schema):
    address: str | None = Field(
        description="To subscribe to. Shown in the first answer only; null where the request was repeated."
    )


class Ended(Schema):
    ended: bool = Field(description="False where there was none.")


class ReportTaken(Schema):
    id: uuid.UUID
    state: Literal["draft", "linked", "dropped"]


class Who(Schema):
    """The key that asks."""

    name: str
    scopes: list[str]
    expires_at: datetime


class ProblemShape(Schema):
    """RFC 9457. ``detail`` says what to do."""

    type: str
    title: str
    status: int
    detail: str


Report = dict[str, Any]
