"""Which adapters there are, whether one is on, and what goes into its file."""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections import Counter
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit

from efface.accounts import audit
from efface.cases import uses
from efface.cases.may import may
from efface.cases.models import Age, Case, Fingerprint, FingerprintKind, Purpose
from efface.engine.base.text import one_line
from efface.partners import canaries, exchange
from efface.partners.exchange.contract import Adapter, Row
from efface.partners.exchange.lumen import Redacted
from efface.partners.exchange.lumen import document as lumen_document
from efface.partners.models import Exchange
from efface.takedown.models import Notice

SENT = (Notice.State.SENT, Notice.State.FILED)


class Refused(ValueError):
    """Nothing was written; the message says why and what would do."""


@cache
def adapters() -> dict[str, Adapter]:
    found = {}
    for one in pkgutil.iter_modules(exchange.__path__):
        if one.ispkg:
            adapter: Adapter = importlib.import_module(f"{exchange.__name__}.{one.name}").ADAPTER
            found[adapter.id] = adapter
    return found


def is_on(id: str) -> bool:
    """Inside the organisation."""
    return Exchange.objects.filter(adapter=id, on=True).exists()


def switch(organisation: uuid.UUID, id: str, on: bool, terms: str, actor: str, now: datetime) -> None:
    """Raises ``Refused``: on only with what was agreed."""
    if id not in adapters():
        raise Refused(f"there is no {id}; there are {', '.join(sorted(adapters()))}")
    terms = one_line(terms)[:500]
    if on and not terms:
        raise Refused("please write down what was agreed and who read it (--terms)")
    Exchange.objects.update_or_create(
        organisation_id=organisation, adapter=id, defaults={"on": on, "terms": terms, "set_by": actor, "set_at": now}
    )
    audit.record(organisation, actor, "exchange.on" if on else "exchange.off", id, now)


def export(organisation: uuid.UUID, id: str, actor: str, now: datetime) -> tuple[bytes, int]:
    """The file, and how many hashes or notices are in it. Only of those who allowed hash lists; a canary stands among
    them. Raises ``Refused``. Inside the organisation."""
    adapter = adapters().get(id)
    if adapter is None or not is_on(id):
        raise Refused(f"{id} is off; `efface exchange set {id} --on --terms ...` switches it on")
    if id == "lumen":
        notices = _notices()
        audit.record(organisation, actor, "exchange.exported", id, now)
        return lumen_document(notices), len(notices)
    if adapter.write is None or adapter.minors:
        raise Refused(f"nothing is written for {adapter.name}: this house keeps nothing of minors, it only reads")
    rows = _rows(adapter, now)
    audit.record(organisation, actor, "exchange.exported", id, now)
    planted = Row("pdq", canaries.of(organisation, id), now)
    return adapter.write(sorted([*rows, planted], key=lambda row: row.value)), len(rows)


def _rows(adapter: Adapter, now: datetime) -> list[Row]:
    rows: list[Row] = []
    for case in Case.objects.filter(state=Case.State.OPEN, age=Age.ADULT).order_by("id"):
        if not may(case, Purpose.HASH_LISTS, now):
            continue
        prints = Fingerprint.objects.filter(case=case, retired_at=None, kind=FingerprintKind.PDQ).exclude(age=Age.MINOR)
        values = [one.value["pdq"][0] for one in prints if one.value and one.value.get("pdq")]
        # The day, not the moment: nobody shall tell from it which hashes belong together.
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        rows += [Row("pdq", value, day) for value in values]
        if values:
            uses.note(case, Purpose.HASH_LISTS, "passed-on", now, by=adapter.name, times=len(values))
    return rows


def _notices() -> list[Redacted]:
    made = []
    for one in Notice.objects.filter(state__in=SENT, step=1).select_related("route").order_by("id"):
        hosts = Counter(urlsplit(url).hostname or "" for url in (one.urls or []))
        made.append(Redacted(one.notice_type, one.route.role, one.route.country, one.drafted_at.date().replace(day=1),
                             tuple(sorted(hosts.items()))))  # fmt: skip
    return made
