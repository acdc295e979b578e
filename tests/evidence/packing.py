"""A case with a capture, a timestamp, what she kept and who demands what, and a pack of it."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from efface.cases import consents
from efface.engine.base import age, clock
from efface.evidence import capturing, keeping, stamping
from efface.evidence.extortion import deciding
from efface.evidence.models import Capture, Fact, Pack
from efface.evidence.packs import gathering, making
from efface.net.kept.model import KeptFile, KeptMessage
from tests.casework import PAGE, captured, make_case, make_finding
from tests.conftest import NOON

WALLET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


def chat(
    name: str = "chat.txt", text: str = f"pay 300 EUR until Friday to {WALLET} or I send it, @bad.guy"
) -> list[KeptFile]:
    said = [KeptMessage("2026-02-13T21:15:33", "Stranger", text), KeptMessage("2026-02-13T21:16:01", "Me", "=no")]
    digest = hashlib.sha256(name.encode()).hexdigest()
    return [KeptFile(name, "chat", "whatsapp", 147, digest, "bb" * 16, messages=said)]


def full_case(organisation: Any, monkeypatch: Any, findings: int = 1) -> Any:
    case = make_case(organisation)
    consents.give(case, "police", "survivor", NOON)
    for number in range(findings):
        page = PAGE + ("" if not number else str(number))
        finding = make_finding(case, page=page)
        capturing.save(organisation.pk, finding.pk, capturing.Task(case.pk, 1, page), captured(page))
    for row in Capture.objects.filter(case=case):
        stamping.stamp(organisation=organisation.pk, capture=row.pk)
    monkeypatch.setattr(keeping.uploading, "read_kept", lambda name, data, look: chat(name))
    keeping.take_in(case, "chat.txt", b"x", agreed=True, actor="caseworker:1", now=NOON)
    for fact in Fact.objects.filter(case=case):
        deciding.decide(fact, "confirm", "caseworker:1", NOON)
    return case


def order(case: Any, **more: Any) -> tuple[Pack, str]:
    """The pack, made and ready, and the secret key it opens with."""
    secret, public = age.new_identity()
    given = {"made_for": "police", "recipient": "Desk 1", "key": public, "parts": list(gathering.PARTS)} | more
    pack = making.order(case, making.Order(**given), "lead:1", NOON)
    making.make(organisation=case.organisation_id, pack=pack.pk)
    pack.refresh_from_db()
    return pack, secret


def sealed(pack: Pack) -> bytes:
    return b"".join(making.open_for(pack, "lead:1", clock.now()))


def opened(data: bytes, secret: str) -> bytes:
    out = io.BytesIO()
    age.opened(io.BytesIO(data), secret, out)
    return out.getvalue()
