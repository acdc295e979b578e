"""Keys of partners: made and told once, found by their digest, ended. A key has 256 bits, so a keyed digest is enough
to keep it by; what a guesser learns from a stolen table is nothing."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.engine.base import sealing, tenancy, training
from efface.engine.base.text import one_line
from efface.partners.models import LookupBrink, Partner, Scope

DIGEST = "partner-key"
PREFIX = "efk_"
LONGEST_DAYS = 730
LONGEST_KEY = 80
USED_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: not every request writes a row."""


class NotMade(ValueError):
    """No key was made; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Made:
    """``key`` is told now and never again."""

    partner: Partner
    key: str


def make(
    organisation_id: uuid.UUID,
    name: str,
    scopes: Iterable[str],
    days: int,
    actor: str,
    now: datetime,
    agreement: str = "",
) -> Made:
    """A key for a partner of this organisation, good for ``days``. Raises ``NotMade``."""
    if training.is_training(organisation_id):
        raise NotMade(_("In training there are no partners: nothing of it is told to anybody."))
    name, agreement, wanted = one_line(name)[:80], one_line(agreement)[:300], sorted(set(scopes))
    if not name:
        raise NotMade(_("Please give the partner a name, so that you know later whose key this is."))
    if not wanted or not set(wanted) <= set(Scope.values):
        raise NotMade(_("Please choose at least one thing that the key may do."))
    if not 1 <= days <= LONGEST_DAYS:
        raise NotMade(_("A key lasts between 1 and %(n)d days.") % {"n": LONGEST_DAYS})
    if Scope.LOOKUP in wanted and not agreement:
        raise NotMade(_("Look-ups are for platforms under agreement: please write down what was agreed, and where."))
    key = PREFIX + secrets.token_urlsafe(32)
    row = Partner.objects.create(
        organisation_id=organisation_id, name=name, hint=key[:10], digest=sealing.digest(DIGEST, key), scopes=wanted,
        agreement=agreement, made_at=now, made_by=actor, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    audit.record(row.organisation_id, actor, "partner.made", str(row.pk), now)
    return Made(row, key)


def revoke(partner: Partner, actor: str, now: datetime) -> bool:
    """The key works no more, from this moment. False where it had ended already."""
    done = Partner.objects.filter(pk=partner.pk, revoked_at=None).update(revoked_at=now, revoked_by=actor)
    if done:
        audit.record(partner.organisation_id, actor, "partner.revoked", str(partner.pk), now)
    return bool(done)


def renew(partner: Partner, days: int, actor: str, now: datetime) -> Made:
    """A new key in place of this one, good for ``days`` from now: its cases, its address for news and its links stay.
    The key before opens nothing from this moment. Raises ``NotMade`` for one that was revoked."""
    if not 1 <= days <= LONGEST_DAYS:
        raise NotMade(_("A key lasts between 1 and %(n)d days.") % {"n": LONGEST_DAYS})
    row = Partner.objects.select_for_update().get(pk=partner.pk)
    if row.revoked_at is not None:
        raise NotMade(_("It was revoked: please make a new key."))
    key = PREFIX + secrets.token_urlsafe(32)
    row.hint, row.digest, row.expires_at = key[:10], sealing.digest(DIGEST, key), now + timedelta(days=days)
    row.save(update_fields=["hint", "digest", "expires_at"])
    audit.record(row.organisation_id, actor, "partner.renewed", str(row.pk), now)
    return Made(row, key)


def standing(partner: Partner, now: datetime) -> str:
    """"good", "expired" or "revoked"."""
    if partner.revoked_at is not None:
        return "revoked"
    return "good" if partner.expires_at > now else "expired"


def find(key: str, now: datetime) -> Partner | None:
    """Whose key this is; None for one that opens nothing (any more), and nothing says why."""
    if not key.startswith(PREFIX) or len(key) > LONGEST_KEY:
        return None
    digest = sealing.digest(DIGEST, key)
    with tenancy.looking_up(lookup=digest.hex()):
        row = Partner.objects.filter(digest=digest).first()
    return row if row is not None and standing(row, now) == "good" else None


def was_used(partner: Partner, now: datetime) -> None:
    """Inside the organisation."""
    if partner.used_at is None or now - partner.used_at >= USED_EVERY:
        Partner.objects.filter(pk=partner.pk).update(used_at=now)


def resume_lookups(partner: Partner, actor: str, now: datetime) -> bool:
    """A person looked at why its look-ups stopped by themselves, and lets them go on. False where they did not."""
    from efface.partners import lookups  # it takes what a key is from here

    rows = Partner.objects.filter(pk__in=[one.pk for one in lookups.platform(partner)], halted_at__isnull=False)
    done = rows.update(halted_at=None, halted_why="")
    if done:
        # A person has judged what was asked so far: counting begins anew.
        LookupBrink.objects.filter(partner__in=[one.pk for one in lookups.platform(partner)]).delete()
        audit.record(partner.organisation_id, actor, "partner.lookups-resumed", str(partner.pk), now)
    return bool(done)
