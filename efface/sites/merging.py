"""Two domains that are one site: the one is kept as an alias of the other, with its history, and can be let go again.

Nothing is moved: what was found under the alias stays there, so that a split is exact. An alias is not visited of its
own, and it bears the hostility of its site: the more hostile of the two.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from efface.engine.base import deadlines
from efface.engine.base.ids import uuid7
from efface.sites import history, hostility, registry
from efface.sites.history import Refused
from efface.sites.models import Site, SiteChange


def merge(alias: Site, into: Site, by: str, now: datetime, why: str = "") -> None:
    """Make ``alias`` and all its aliases aliases of ``into``. Raises ``Refused``."""
    with transaction.atomic():
        rows = {one.pk: one for one in Site.objects.select_for_update(of=("self",)).filter(
            pk__in=(alias.pk, into.pk)).order_by("pk")}  # fmt: skip
        if alias.pk not in rows or into.pk not in rows:
            raise Refused(_("One of the two is not in the registry any more."))
        alias, into = rows[alias.pk], rows[into.pk]
        if alias.pk == into.pk:
            raise Refused(_("That is the same site."))
        if into.merged_id is not None:
            raise Refused(_("%(site)s is an alias itself. Please name the site it belongs to.") % {"site": into.domain})
        if alias.merged_id is not None:
            raise Refused(_("%(site)s is an alias already.") % {"site": alias.domain})
        batch = uuid7()
        for one in [alias, *alias.aliases.order_by("pk")]:
            history.record(one, "merged", _name(one.merged), into.domain, by, now, why=why, batch=batch)
            if one.state == Site.State.ACTIVE:
                history.record(one, "state", one.state, Site.State.PAUSED, by, now, batch=batch)
                one.state = Site.State.PAUSED
            one.merged = into
            one.save(update_fields=["merged", "state"])
            deadlines.cancel(subject=one.pk, kind=registry.VISIT)
        _share_hostility(alias, into, by, now)


def _share_hostility(alias: Site, into: Site, by: str, now: datetime) -> None:
    for worse, other in ((alias, into), (into, alias)):
        if worse.hostility in hostility.NEVER_WRITTEN_TO:
            if other.hostility != worse.hostility:
                why = f"as {worse.domain}: {worse.hostility_why}"
                hostility.declare(into, worse.hostility, why, by, now, how=worse.hostility_how or "person")
            return


def split(alias: Site, by: str, now: datetime, why: str = "") -> None:
    """Let an alias be a site of its own again, watched as it was before. Raises ``Refused``."""
    with transaction.atomic():
        row = Site.objects.select_for_update(of=("self",)).filter(pk=alias.pk).first()
        if row is None or row.merged_id is None:
            raise Refused(_("This site is not an alias."))
        batch = uuid7()
        joined = SiteChange.objects.filter(site=row, what="merged").order_by("-pk").first()
        paused = joined is not None and SiteChange.objects.filter(site=row, what="state", batch=joined.batch).exists()
        history.record(row, "merged", _name(row.merged), None, by, now, why=why, batch=batch)
        row.merged = None
        if paused and row.state == Site.State.PAUSED:
            history.record(row, "state", row.state, Site.State.ACTIVE, by, now, batch=batch)
            row.state = Site.State.ACTIVE
        row.save(update_fields=["merged", "state"])
        if row.state == Site.State.ACTIVE:
            registry.visit_at(row.pk, now)


def _name(site: Site | None) -> str | None:
    return site.domain if site is not None else None
