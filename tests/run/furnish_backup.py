"""Run in an installation by the tests of backup and restore: makes cases, erases one, tells what can be read."""

from __future__ import annotations

import json
import sys
from typing import Any

from efface.engine.run import manage


def main(what: str) -> Any:
    manage.setup_django()
    from efface.accounts import audit
    from efface.accounts.models import Organisation
    from efface.cases import consents, erasing, opening
    from efface.cases.models import Case, Consent
    from efface.engine.base import clock, objects, tenancy
    from efface.engine.base.models import CaseKey, Outbox

    told: dict[str, Any] = {}
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.models import ProcrastinateJob

    if what == "fill":
        app.configure_task("cases.waits", allow_unknown=True, queue="sites").defer(id="x")
    for one in Organisation.objects.order_by("short"):
        with tenancy.organisation(one.pk):
            now = clock.now()
            if what == "fill":
                for name in ("Subject A", "Subject B"):
                    case = opening.open_case(
                        one.pk, "caseworker:test", age="adult", country="DE", language="en", now=now,
                        name=f"{name} of {one.short}",
                    ).case  # fmt: skip
                    consents.give(case, "notify", "survivor", now)
                    objects.put(case.pk, b"a sealed object of " + name.encode())
                    row = Outbox(organisation_id=one.pk, case_id=case.pk, kind="notice", subject=case.pk,
                                 key=f"k{case.pk}", message_id=f"<{case.pk}@desk.example>", created=now)  # fmt: skip
                    row.message = {"text": "waits"}
                    row.save()
            if what == "erase":
                names = {case.name: case for case in Case.objects.all()}
                erasing.erase(names[f"Subject B of {one.short}"], "caseworker:test", now)
                consents.withdraw(names[f"Subject A of {one.short}"], "notify", "survivor", now)
            if what == "more":
                opening.open_case(one.pk, "caseworker:test", age="adult", country="DE", language="en", now=now,
                                  name=f"Subject C of {one.short}")  # fmt: skip
            told[one.short] = {
                "cases": {case.reference: [case.state, case.name] for case in Case.objects.order_by("opened_at")},
                "outbox": sorted(Outbox.objects.values_list("state", flat=True)),
                "allowed": Consent.objects.filter(withdrawn_at=None).count(),
                "keys": CaseKey.objects.filter(destroyed_at=None).count(), "audit": audit.verify(one.pk),
                "kinds": sorted({case.kind for case in Case.objects.all()}),
            }  # fmt: skip
    told["jobs"] = [[one.task_name, one.status] for one in ProcrastinateJob.objects.filter(task_name="cases.waits")]
    if what == "all":
        app.configure_task("cases.more", allow_unknown=True, queue="sites").defer(id="y")
        from django.db import connection

        with tenancy.nobody():
            told["unset"] = Case.objects.count()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND NOT relforcerowsecurity"
            )
            told["unforced"] = [name for (name,) in cursor.fetchall()]
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
