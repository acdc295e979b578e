"""Run once in a new demo installation, as the owner: tables, organisation, members, site registry. Reads a plan as JSON
from standard input."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from efface.engine.run import manage


def furnish(plan: dict[str, Any]) -> None:
    manage.setup_django()
    start = datetime.fromisoformat(plan["start"])
    manage.migrate("demo", start, start)
    from allauth.mfa.totp.internal import auth as totp
    from django.db import connection

    from efface.accounts.models import Member, Organisation, User
    from efface.engine.base import tenancy
    from efface.sites import registry

    organisation = Organisation.objects.create(
        name="Example Helpline", short="example", country="DE", signatory="Removal Desk",
        address="Sample Street 1, 10000 Example Town", phone="+49 30 0000000", created=start,
        opens_herself=True,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'efface_app', false)")
    with tenancy.organisation(organisation.pk):
        for one in plan["members"]:
            user = User.objects.create_user(one["email"], one["password"], name=one["name"], created=start)
            totp.TOTP.activate(user, one["key"])
            trained = start if one["role"] == "caseworker" else None
            Member.objects.create(organisation=organisation, user=user, role=one["role"], trained_at=trained)
    with tenancy.nobody():
        for seed in plan["seeds"]:
            registry.register(seed, start)


if __name__ == "__main__":
    furnish(json.load(sys.stdin))
