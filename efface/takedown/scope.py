"""What an approval covers: case, recipient party, notice type, wording, exposure."""

from __future__ import annotations

from typing import Any

from efface.takedown.models import Approval, Notice


def of(notice: Notice) -> dict[str, Any]:
    return {
        "case_id": notice.case_id,
        "party_key": notice.route.party_key,
        "notice_type": notice.notice_type,
        "template": notice.template,
        "exposure": notice.route.exposure,
    }


def standing(notice: Notice) -> Approval | None:
    """The approval under which this notice may go without a new word of a person."""
    return Approval.objects.filter(**of(notice), revoked_at=None).first()
