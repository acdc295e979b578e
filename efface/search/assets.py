"""The asset set of a finding: the page, and everything on it that shows the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from efface.cases.models import Case
from efface.search import urls
from efface.search.media import Met
from efface.search.models import Asset, Finding

ROLES = ("page", "media", "cdn", "segment", "poster", "thumbnail", "search")
"""From the most telling to the least: what an address counts as that is met as several."""


def page(finding: Finding, now: datetime) -> None:
    """The page itself, as the first asset."""
    _write(finding, [_asset(finding, "page", finding.page_url, [], "", now)])


def add(finding: Finding, met: Iterable[Met], now: datetime) -> None:
    """Media of the finding; those it has already stay as they are."""
    _write(
        finding, [_asset(finding, one.ref.role, one.ref.url, one.pdq, one.sha256, now) for one in met if one.ref.url]
    )


def _asset(finding: Finding, role: str, url: str, pdq: Sequence[str], sha256: str, now: datetime) -> Asset:
    row = Asset(
        organisation_id=finding.organisation_id, case_id=finding.case_id, finding=finding, role=role,
        url_digest=urls.digest(url), host=urls.host_of(url)[:253], pdq=list(pdq), sha256=sha256, added_at=now,
    )  # fmt: skip
    row.url = url
    return row


def _write(finding: Finding, rows: list[Asset]) -> None:
    """One row for an address; a full medium outranks a thumbnail of the same address."""
    by_url: dict[bytes, Asset] = {}
    for row in sorted(rows, key=lambda row: ROLES.index(row.role)):
        by_url.setdefault(bytes(row.url_digest), row)
    Asset.objects.bulk_create(by_url.values(), ignore_conflicts=True)


def pictures(finding: Finding) -> list[list[str]]:
    """The hashes of each picture of a finding."""
    return [row.pdq for row in Asset.objects.filter(finding=finding).exclude(pdq=[])]


def of_case(case: Case) -> QuerySet[Asset]:
    """Every picture of the case's findings, with finding and site."""
    return Asset.objects.filter(case=case).exclude(pdq=[]).select_related("finding", "finding__site", "finding__match")
