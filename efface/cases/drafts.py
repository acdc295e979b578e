"""What she typed and has not sent yet: kept on the server, sealed, so that nothing typed is lost and nothing stays on
her device."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from efface.cases.models import Case, Draft

FIELDS, LONGEST, PATH = 12, 6000, 120
MOST = 20


def keep(case: Case, path: str, fields: Mapping[str, str], now: datetime) -> bool:
    """Keep what stands in the form at ``path``; what was kept of it before is replaced. An empty form keeps nothing.
    False: nothing was kept."""
    held = {name[:40]: value[:LONGEST] for name, value in list(fields.items())[:FIELDS] if value.strip()}
    if not held or len(path) > PATH:
        return False
    row = Draft.objects.filter(case=case, path=path).first()
    if row is None:
        if Draft.objects.filter(case=case).count() >= MOST:
            return False
        row = Draft(organisation_id=case.organisation_id, case=case, path=path)
    row.fields, row.at = held, now
    row.save()
    return True


def fields(case: Case, path: str) -> dict[str, str]:
    """What is kept of the form at ``path``; empty where nothing is."""
    row = Draft.objects.filter(case=case, path=path).first()
    return dict(row.fields) if row is not None and isinstance(row.fields, dict) else {}


def drop(case: Case, path: str) -> None:
    """It was sent, or thrown away."""
    Draft.objects.filter(case=case, path=path).delete()


def listed(case: Case) -> list[Draft]:
    return list(Draft.objects.filter(case=case).order_by("-at"))
