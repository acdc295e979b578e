"""Proof without exposure, at both doors: covered, seen by her, looked at once, stated, gone."""

from __future__ import annotations

import io
import json
import subprocess
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from efface.cases import authority, consents, erasing, proof_room, proving, statements
from efface.cases.models import Authority, CaseEvent, Consent, ProofStatement, SealedProof
from efface.engine.base import clock, deadlines, tenancy
from efface.net.proofs import Proof, ProofRequest
from efface.takedown import facts
from efface.vision import proof
from tests import people
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def png(colour: tuple[int, int, int] = (200, 180, 160), size: tuple[int, int] = (320, 200)) -> bytes:
    return proof.encode(np.full((size[1], size[0], 3), colour, np.uint8))


def upload(name: str = "card.png", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, png() if content is None else content, "image/png")


@pytest.fixture
def covered(monkeypatch: pytest.MonkeyPatch) -> list[ProofRequest]:
    """The decoder's answer; what was asked of it. Nothing is left in the waiting room afterwards."""
    from efface.cases import uploading

    asked: list[ProofRequest] = []

    def answer(request: ProofRequest) -> Proof:
        asked.append(request)
        if request.picture == b"broken":
            return Proof(error="unknown-format")
        return Proof(
            b"" if request.only_areas else png(proof.COVER), 320, 200, list(request.areas), ["no-face"], 0, "same"
        )

    monkeypatch.setattr(uploading, "cover_proof", answer)
    proof_room._held.clear()
    return asked


@pytest.fixture
def opened(organisation: Any, now: Any) -> Any:
    return people.open_case(organisation, name="Subject A")


def handed_in(opened: Any, keep: str = "0") -> Any:
    her = people.entered(opened.access_code)
    assert her.post("/case/proof/", {"picture": upload(), "name": "Subject A"}).status_code == 200
    assert her.post("/case/proof/decide/", {"choice": "hand-in", "keep": keep}).status_code == 302
    return her


def test_from_the_photo_to_the_statement(opened: Any, organisation: Any, covered: list[ProofRequest]) -> None:
    her = people.entered(opened.access_code)
    page = her.post("/case/proof/", {"picture": upload(), "likeness": upload(), "name": "Subject A"})
    assert b"data:image/png;base64," in page.content and "no-store" in page["Cache-Control"]
    assert "data:" in page["Content-Security-Policy"] and covered[0].automatic and covered[0].likeness
    worker = people.worker(organisation)
    desk, base = people.signed_in(worker), f"/console/cases/{opened.case.pk}/proof/"
    assert b"data:image/png" not in desk.post(base + "decide/", {"choice": "look"}).content  # only she saw it so far
    her.post("/case/proof/decide/", {"choice": "hand-in", "keep": "0"})
    assert b'data-fact="waits"' in desk.get(base).content
    look = desk.post(base + "decide/", {"choice": "look"})
    assert b"data:image/png;base64," in look.content and "no-store" in look["Cache-Control"]
    again = people.signed_in(people.worker(organisation, "lead")).post(base + "decide/", {"choice": "look"})
    assert again.status_code == 422 and b"data:image/png" not in again.content
    desk.post(base + "decide/", {"choice": "state", "name": "yes", "face": "yes"})
    with tenancy.organisation(organisation.pk):
        made = ProofStatement.objects.get(case=opened.case)
        assert made.made_at.date().isoformat() == "2026-03-02"
    assert proof_room.get(opened.case.pk) is None
    file = desk.get(f"{base}statement/{made.pk}/")
    assert b"Subject" not in file.content + b64decode(json.loads(file.content)["signed"])
    assert statements.read(json.loads(file.content), statements.public_pem()).organisation == organisation.name
    assert desk.post(f"{base}statement/{made.pk}/", {"choice": "opening"}).status_code == 422
    opening = json.loads(desk.post(f"{base}statement/{made.pk}/", {"choice": "opening", "agreed": "yes"}).content)
    assert opening["name"] == "Subject A"


def test_nothing_of_the_picture_is_kept_by_default(opened: Any, organisation: Any, covered: list[ProofRequest]) -> None:
    handed_in(opened)
    desk = people.signed_in(people.worker(organisation))
    desk.post(f"/console/cases/{opened.case.pk}/proof/decide/", {"choice": "look"})
    with tenancy.organisation(organisation.pk):
        assert not SealedProof.objects.filter(case=opened.case).exists()
        assert {one.kind for one in CaseEvent.objects.filter(case=opened.case)} >= {"proof.handed_in", "proof.seen"}
    held = proof_room.get(opened.case.pk)
    assert held is not None and held.picture == b""


def test_only_who_looked_states_and_only_both(opened: Any, organisation: Any, covered: list[ProofRequest]) -> None:
    handed_in(opened)
    base = f"/console/cases/{opened.case.pk}/proof/decide/"
    first, second = (people.signed_in(people.worker(organisation)) for _ in range(2))
    first.post(base, {"choice": "look"})
    assert second.post(base, {"choice": "state", "name": "yes", "face": "yes"}).status_code == 422
    assert first.post(base, {"choice": "state", "name": "yes"}).status_code == 422
    with tenancy.organisation(organisation.pk):
        assert not ProofStatement.objects.filter(case=opened.case).exists()
    assert first.post(base, {"choice": "drop"}).status_code == 302
    assert proof_room.get(opened.case.pk) is None


def test_sealed_for_a_time_needs_four_eyes_and_ends_by_itself(
    opened: Any, organisation: Any, covered: list[ProofRequest]
) -> None:
    handed_in(opened, keep="7")
    base = f"/console/cases/{opened.case.pk}/proof/"
    first, second = (people.signed_in(people.worker(organisation)) for _ in range(2))
    first.post(base + "decide/", {"choice": "look"})
    with tenancy.organisation(organisation.pk):
        kept = SealedProof.objects.get(case=opened.case)
        raw = SealedProof.objects.filter(pk=kept.pk).values_list("until", flat=True).get()
        assert raw == NOON + timedelta(days=7)
    url = f"{base}sealed/{kept.pk}/"
    assert first.post(url, {"choice": "look"}).status_code == 422
    assert first.post(url, {"choice": "ask", "why": ""}).status_code == 422
    assert first.post(url, {"choice": "ask", "why": "the site asks again"}).status_code == 302
    assert first.post(url, {"choice": "allow"}).status_code == 422
    assert second.post(url, {"choice": "allow"}).status_code == 302
    assert second.post(url, {"choice": "look"}).status_code == 422
    look = first.post(url, {"choice": "look"})
    assert look.status_code == 200 and b"data:image/png;base64," in look.content
    assert first.post(url, {"choice": "look"}).status_code == 422  # once
    with people.role("efface_engine"):
        deadlines.fire(NOON + timedelta(days=8))
    with tenancy.organisation(organisation.pk):
        kept.refresh_from_db()
        assert kept.destroyed_at is not None and kept.picture is None


def test_she_destroys_it_herself(opened: Any, organisation: Any, covered: list[ProofRequest]) -> None:
    her = handed_in(opened, keep="30")
    assert her.post("/case/proof/decide/", {"choice": "drop"}).status_code == 302
    assert proof_room.get(opened.case.pk) is None
    with tenancy.organisation(organisation.pk):
        kept = proving.seal(opened.case, png(), NOON + timedelta(days=3), "survivor", NOON)
    assert b'data-fact="sealed"' in her.get("/case/proof/").content
    her.post("/case/proof/destroy/")
    with tenancy.organisation(organisation.pk):
        kept.refresh_from_db()
        assert kept.picture is None


def test_bad_input_says_what_to_do(opened: Any, covered: list[ProofRequest], monkeypatch: pytest.MonkeyPatch) -> None:
    her = people.entered(opened.access_code)
    for given, words in (
        ({"name": "x"}, b"No picture was chosen"),
        ({"name": "x", "picture": upload(content=b"broken")}, b"HEIC"),
    ):
        answer = her.post("/case/proof/", given)
        assert answer.status_code == 422 and words in answer.content
    monkeypatch.setattr(proving, "MAX_BYTES", 10)
    assert b"larger than" in her.post("/case/proof/", {"name": "x", "picture": upload()}).content
    assert b"no longer here" in her.post("/case/proof/decide/", {"choice": "hand-in"}).content
    assert proof_room.get(opened.case.pk) is None


def test_somebody_under_18_is_asked_for_nothing(organisation: Any, now: Any, covered: list[ProofRequest]) -> None:
    her = people.entered(people.open_case(organisation, age="minor").access_code)
    for page in ("/case/proof/", "/case/letter/"):
        assert b'type="file"' not in her.get(page).content and b'id="sign"' not in her.get(page).content
    assert her.post("/case/proof/", {"picture": upload(), "name": "x"}).status_code == 422 and covered == []
    assert her.post("/case/proof/where/", {"picture": upload()}).status_code == 422 and covered == []


def test_the_waiting_room_forgets(opened: Any, covered: list[ProofRequest], monkeypatch: pytest.MonkeyPatch) -> None:
    handed_in(opened)
    monkeypatch.setattr(proof_room, "STAYS_S", -1.0)
    assert proof_room.get(opened.case.pk) is None


def test_what_she_covered_herself_is_sent_as_it_is(opened: Any, covered: list[ProofRequest]) -> None:
    her = people.entered(opened.access_code)
    her.post("/case/proof/", {"picture": upload(), "name": "x", "covered": "yes", "cover-1-left": "10",
                              "cover-1-top": "10", "cover-1-width": "20", "cover-1-height": "5,5"})  # fmt: skip
    assert not covered[0].automatic and [one.kind for one in covered[0].areas] == ["drawn"]
    found = her.post("/case/proof/where/", {"picture": upload(), "name": "x"}).json()
    assert found["notes"] == ["no-face"] and covered[1].only_areas


def sign(her: Any, **more: str) -> Any:
    return her.post("/case/letter/", {"name": "Subject A", "agree": "yes", **more})


def test_the_letter_is_signed_sealed_replaced_and_ended(opened: Any, organisation: Any) -> None:
    her = people.entered(opened.access_code)
    with tenancy.organisation(organisation.pk):
        for purpose in ("notify", "contact_operator", "hash_match"):
            consents.give(opened.case, purpose, "survivor", NOON)
    assert sign(her, agree="").status_code == 422 and sign(her, name=" ").status_code == 422
    assert sign(her, strokes="[[[9, 9]]]").status_code == 422
    assert sign(her, strokes="[[[0.1, 0.1], [0.3, 0.2]], [[0.5, 0.1]]]").status_code == 302
    copy = her.get("/case/letter/copy/")
    assert (
        copy.content.startswith(b"%PDF")
        and b"StructTreeRoot" in copy.content
        and b"Subject" not in copy["Content-Disposition"].encode()
    )
    desk = people.signed_in(people.worker(organisation))
    assert desk.get(f"/console/cases/{opened.case.pk}/authority/").content == copy.content
    with tenancy.organisation(organisation.pk):
        assert facts.backing(opened.case, NOON) == {"signed": "2026-03-02"}
    assert her.post("/case/letter/end/").status_code == 302
    assert her.get("/case/letter/copy/").status_code == 404
    assert desk.get(f"/console/cases/{opened.case.pk}/authority/").status_code == 404
    with tenancy.organisation(organisation.pk):
        assert authority.standing(opened.case) is None and facts.backing(opened.case, NOON) == {}
        standing = Consent.objects.filter(case=opened.case, withdrawn_at=None).values_list("purpose", flat=True)
        assert set(standing) == {"hash_match"}  # what leaned on it ended with it


def test_erasing_takes_all_of_it(opened: Any, organisation: Any, covered: list[ProofRequest]) -> None:
    her = handed_in(opened)
    sign(her)
    with tenancy.organisation(organisation.pk):
        proving.seal(opened.case, png(), NOON + timedelta(days=3), "survivor", NOON)
        erasing.erase(opened.case, "lead:1", clock.now())
        assert not SealedProof.objects.exists() and not Authority.objects.exists()
    assert proof_room.get(opened.case.pk) is None


def test_anybody_checks_a_statement_with_stock_tools(now: Any, db: None, client: Any, tmp_path: Path) -> None:
    document, opening = statements.make("Example Helpline", "Subject  A", NOON, NOON + timedelta(days=9))
    page = client.get("/statements/")
    assert statements.public_pem().splitlines()[1].encode() in page.content.replace(b"&#x2B;", b"+")
    (tmp_path / "key.pem").write_text(statements.public_pem())
    (tmp_path / "signed.json").write_bytes(b64decode(document["signed"]))
    (tmp_path / "signature.bin").write_bytes(b64decode(document["signature"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "signed.json",
               "-sigfile", "signature.bin"]  # fmt: skip
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "signed.json").write_bytes(b64decode(document["signed"]).replace(b"2026", b"2027", 1))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
    found = statements.read(document)
    assert statements.name_digest("subject a", opening.salt) == found.name_sha256
    assert statements.name_digest("Subject B", opening.salt) != found.name_sha256


def test_a_picture_written_anew_is_readable_and_bare() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (37, 53, 3), np.uint8)
    read = Image.open(io.BytesIO(proof.encode(noise)))
    assert (np.asarray(read) == noise).all() and read.info == {}


def test_the_command_checks_without_an_installation(tmp_path: Path) -> None:
    from click.testing import CliRunner
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from efface.cli.attest import attest

    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    document, opening = statements.make("Example Helpline", "Subject A", NOON, NOON.replace(year=2999), key)
    file, pem = tmp_path / "statement.json", tmp_path / "key.pem"
    file.write_text(json.dumps(document))
    pem.write_text(statements.public_pem(key))

    def run(*more: str) -> int:
        return CliRunner().invoke(attest, ["verify", str(file), *more]).exit_code

    assert run() == 0 and run("--key", str(pem), "--name", "subject a", "--salt", opening.salt) == 0
    assert run("--name", "Somebody Else", "--salt", opening.salt) == 1
    pem.write_text(statements.public_pem(other))
    assert run("--key", str(pem)) == 1
    over, _opening = statements.make("Example Helpline", "Subject A", NOON, NOON, key)
    file.write_text(json.dumps(over))
    assert run() == 1


def test_a_withdrawn_statement_is_not_handed_on(opened: Any, organisation: Any, covered: list[ProofRequest]) -> None:
    handed_in(opened)
    desk, base = people.signed_in(people.worker(organisation)), f"/console/cases/{opened.case.pk}/proof/"
    desk.post(base + "decide/", {"choice": "look"})
    desk.post(base + "decide/", {"choice": "state", "name": "yes", "face": "yes"})
    with tenancy.organisation(organisation.pk):
        made = ProofStatement.objects.get(case=opened.case)
    assert desk.get(f"{base}statement/{made.pk}/").status_code == 200
    desk.post(f"{base}statement/{made.pk}/", {"choice": "withdraw"})
    assert desk.get(f"{base}statement/{made.pk}/").status_code == 404
    with tenancy.organisation(organisation.pk):
        assert proving.standing(opened.case, NOON) is None
