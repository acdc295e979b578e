"""Run once in a bench's installation, as the owner: tables, an organisation, a case for each subject with everything
she consents to, the sites to crawl. Reads a plan as JSON from standard input, prints the cases."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from efface.engine.run import manage


def furnish(plan: dict[str, Any]) -> dict[str, str]:
    """The case of each subject. ``plan``: "start", "opens" (when the first visits are due), "sites", "subjects" (key
    and files), "models" (folder), "driven" (whether the
    clock is moved by hand)."""
    manage.setup_django()
    start, opens = datetime.fromisoformat(plan["start"]), datetime.fromisoformat(plan["opens"])
    manage.migrate("demo", start, start if plan["driven"] else None)
    from django.db import connection

    from efface.accounts.models import FaceSearchPermission, Organisation, User
    from efface.engine.base import clock, sealing, tenancy
    from efface.sites import registry

    organisation = Organisation.objects.create(
        name="Example Helpline", short="example", country="DE", signatory="Removal Desk", created=start
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'efface_app', false)")
    with clock.fixed(start), tenancy.organisation(organisation.pk):
        user = User.objects.create_user("coordinator@example.org", None, name="Coordinator One", created=start)
        FaceSearchPermission.objects.create(
            organisation=organisation, impact_assessment="bench", legal_basis="bench", countries="DE",
            recorded_by=user, recorded_at=start,
        )  # fmt: skip
        cases = _cases(organisation, plan, start, sealing)
    with tenancy.nobody():
        for address in plan["sites"]:
            site = registry.register(address, start)
            registry.visit_at(site.pk, opens)
    return cases


def _cases(organisation: Any, plan: dict[str, Any], start: datetime, sealing: Any) -> dict[str, str]:
    from efface.cases import fingerprints
    from efface.cases.models import Case, Consent
    from efface.net.decoder import Decoder
    from efface.net.protocol import Want

    made: dict[str, str] = {}
    with Decoder(plan["models"] or None) as decoder:
        for subject in plan["subjects"]:
            case = Case(
                organisation=organisation, reference=f"bench-{subject['key']}", age="adult", level="attested",
                country="DE", opened_at=start,
            )  # fmt: skip
            sealing.make_case_key(case.pk, organisation.pk)
            case.save()
            for purpose in plan["consents"]:
                Consent.objects.create(
                    organisation=organisation, case=case, purpose=purpose, given_at=start,
                    expires_at=start + timedelta(days=365),
                )  # fmt: skip
            files = [Path(name).read_bytes() for name in subject["files"]]
            want = Want.PRINT | (Want.FACES if subject["face"] else Want.PLAIN)
            read = decoder.decode_pictures(files, want)
            fingerprints.enrol_pictures(
                case, read, subject["files"], "adult", "bench", start, with_face=subject["face"]
            )  # fmt: skip
            made[subject["key"]] = str(case.pk)
    if "face_search" in plan["consents"] and not any(subject["face"] for subject in plan["subjects"]):
        _stranger(organisation, made, plan["models"], start)
    return made


def _stranger(organisation: Any, cases: dict[str, str], models: str, start: datetime) -> None:
    """Nobody's face is looked for in a world without faces; for the work to be the same, an invented one is."""
    import numpy as np

    from efface.cases.models import Case, Fingerprint
    from efface.vision.faces import FaceEngine

    engine = FaceEngine.load(Path(models))
    if engine is None:
        return
    vector = np.random.default_rng(1).standard_normal(engine.dim).astype(np.float32)
    vector /= np.linalg.norm(vector)
    case = Case.objects.get(pk=next(iter(cases.values())))
    row = Fingerprint(organisation=organisation, case=case, kind="face", age="adult", created=start)
    row.value = {"model": engine.model_id, "vector": [float(one) for one in vector], "photos": 3}
    row.save()


if __name__ == "__main__":
    json.dump(furnish(json.load(sys.stdin)), sys.stdout)
