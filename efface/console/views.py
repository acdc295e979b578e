"""Views of the queue that a member saved: a filter with a name, for themselves."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.console.filtering import Filter
from efface.console.models import SavedView

MOST = 12


class ViewRefused(ValueError):
    """The view cannot be saved; the message says why."""


def of(member: Member) -> list[SavedView]:
    return list(SavedView.objects.filter(member=member).order_by("name"))


def save(member: Member, name: str, wanted: Filter, now: datetime) -> SavedView:
    """Under a name that is there already the filter is replaced. Raises ``ViewRefused``."""
    if not name:
        raise ViewRefused(_("Please give the view a name."))
    if not wanted:
        raise ViewRefused(_("Choose what it shows first; everything is the queue itself."))
    rows = SavedView.objects.filter(member=member)
    if rows.exclude(name=name).count() >= MOST:
        raise ViewRefused(_("At most %(n)d views can be saved. Remove one first.") % {"n": MOST})
    given = {"query": wanted.query(), "made_at": now, "organisation_id": member.organisation_id}
    row, _made = SavedView.objects.update_or_create(member=member, name=name, defaults=given)
    return row


def drop(member: Member, view: uuid.UUID) -> bool:
    return bool(SavedView.objects.filter(member=member, pk=view).delete()[0])
