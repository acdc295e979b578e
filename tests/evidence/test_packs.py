"""Packs: made, sealed, opened and checked with stock tools; a changed byte anywhere is found."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from efface.evidence.models import Custody, Pack
from efface.evidence.packs import container, verifying
from tests.evidence.conftest import Tsa
from tests.evidence.packing import WALLET, full_case, opened, order, sealed

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(inside: Any, now: Any, tsa: Tsa, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Pack, bytes, str]:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path / "data"))
    case = full_case(inside, monkeypatch)
    pack, secret = order(case)
    assert pack.state == "ready", pack.problem
    return pack, sealed(pack), secret


def check(data: bytes, secret: str = "") -> verifying.Verdict:
    return verifying.verify(io.BytesIO(data), secret)


def test_a_pack_verifies(made: tuple[Pack, bytes, str]) -> None:
    pack, data, secret = made
    verdict = check(data, secret)
    assert verdict.problems == [] and verdict.ok and verdict.stamped_at is not None
    assert verdict.files == pack.members
    assert {"handed-in", "captured", "stamped", "made", "handed-over"} <= set(
        Custody.objects.filter(case=pack.case).values_list("action", flat=True)
    )


def regions(plain: bytes) -> dict[str, list[int]]:
    """Positions in the opened pack, by what lies there: each kind of member, and the layout between them."""
    found: dict[str, list[int]] = {}
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        for info in archive.infolist():
            start = info.header_offset + 30 + len(info.filename.encode())
            kind = (
                info.filename.rsplit(".", 1)[-1]
                if "/" not in info.filename or info.filename.startswith("capt")
                else (info.filename.split("/")[0])
            )
            found.setdefault(kind, []).extend((start, start + info.file_size))
            found.setdefault("head", []).extend((info.header_offset, start))
        found["directory"] = [archive.start_dir, len(plain)]
    return found


def test_one_changed_byte_anywhere_is_found(made: tuple[Pack, bytes, str]) -> None:
    _, data, secret = made
    plain = opened(data, secret)
    assert check(plain).ok
    spans = [(kind, at[i], at[i + 1]) for kind, at in regions(plain).items() for i in range(0, len(at), 2)]
    assert {"json", "p7s", "tsr", "pdf", "pem", "wacz", "tables", "hashes", "kept", "txt", "authority", "head",
            "directory"} <= {kind for kind, _, _ in spans}  # fmt: skip

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(span=st.sampled_from([one for one in spans if one[1] < one[2]]), share=st.floats(0, 1, exclude_max=True),
           mask=st.integers(1, 255))  # fmt: skip
    def flipped(span: tuple[str, int, int], share: float, mask: int) -> None:
        kind, start, end = span
        at = start + int((end - start) * share)
        changed = bytearray(plain)
        changed[at] ^= mask
        assert not check(bytes(changed)).ok, f"byte {at} in {kind}"

    flipped()


def test_one_changed_byte_of_the_sealed_file_is_found(made: tuple[Pack, bytes, str]) -> None:
    _, data, secret = made

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(at=st.one_of(st.integers(0, 400), st.integers(0, len(data) - 1)), mask=st.integers(1, 255))
    def flipped(at: int, mask: int) -> None:
        changed = bytearray(data)
        changed[at] ^= mask
        assert not check(bytes(changed), secret).ok, at

    flipped()
    assert not check(data[:-1], secret).ok and not check(data + b"\0", secret).ok


def test_what_is_changed_on_purpose_is_found(made: tuple[Pack, bytes, str]) -> None:
    """Laid out anew with right checksums: then digests, signature and timestamp speak."""
    _, data, secret = made
    members = dict(container.read(io.BytesIO(opened(data, secret))))

    def rebuilt(changes: dict[str, bytes | None]) -> list[str]:
        writer, out = container.Writer(), bytearray()
        for name, body in {**members, **changes}.items():
            if body is not None:
                for part in writer.add(name, body):
                    out += part
        for part in writer.end():
            out += part
        return check(bytes(out)).problems

    assert rebuilt({}) == []
    assert rebuilt({"case.json": b"{}"}) == ["case.json is not what the manifest says"]
    assert rebuilt({"case.json": None}) == ["case.json is missing"]
    assert rebuilt({"more.txt": b"x"}) == ["more.txt is not in the manifest: it was put in later"]
    other = members["manifest.json"].replace(b'"version": 1', b'"version": 2')
    problems = rebuilt({"manifest.json": other})
    assert "the manifest was changed after it was signed" in problems
    assert any("timestamp" in one for one in problems)
    custody = json.loads(members["custody.json"])
    custody["lines"][0]["by"] = "somebody else"
    assert any("line 1 of the chain of custody was altered" in one
               for one in rebuilt({"custody.json": json.dumps(custody).encode()}))  # fmt: skip
    del custody["lines"][1]
    assert any("is missing" in one for one in rebuilt({"custody.json": json.dumps(custody).encode()}))


def run(folder: Path, *command: str, ok: bool = True) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_stock_tools_agree(made: tuple[Pack, bytes, str], tmp_path: Path) -> None:
    """As README.txt in the pack says it."""
    import shutil

    _, data, secret = made
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "pack.age").write_bytes(data)
    (folder / "key.txt").write_text(secret + "\n")
    if shutil.which("age"):
        run(folder, "age", "-d", "-i", "key.txt", "-o", "pack.zip", "pack.age")
        broken = bytearray(data)
        broken[len(data) // 2] ^= 1
        (folder / "broken.age").write_bytes(broken)
        run(folder, "age", "-d", "-i", "key.txt", "-o", "broken.zip", "broken.age", ok=False)
    else:
        warnings.warn("the program age is not on this machine: the seal is opened with pyrage instead", stacklevel=1)
        (folder / "pack.zip").write_bytes(opened(data, secret))
    run(folder, sys.executable, "-m", "zipfile", "-t", "pack.zip")
    run(folder, sys.executable, "-m", "zipfile", "-e", "pack.zip", ".")
    signature = (
        "openssl", "cms", "-verify", "-inform", "DER", "-binary", "-in", "manifest.p7s", "-content", "manifest.json",
        "-CAfile", "organisation.pem", "-purpose", "any", "-out", "/dev/null",
    )  # fmt: skip
    run(folder, *signature)
    ask = ("-CAfile", "authority/tsa.pem", "-untrusted", "authority/tsa.pem")
    run(folder, "openssl", "ts", "-verify", "-in", "manifest.tsr", "-data", "manifest.json", *ask)
    with zipfile.ZipFile(folder / "captures/0001-1/page.wacz") as archive:
        (folder / "page.warc.gz").write_bytes(archive.read("archive/data.warc.gz"))
    stamped = ("openssl", "ts", "-verify", "-in", "captures/0001-1/page.warc.gz.tsr", "-data")
    run(folder, *stamped, "page.warc.gz", *ask)
    run(folder, *stamped, "case.json", *ask, ok=False)
    wacz = str(Path(sys.executable).parent / "wacz")
    assert "is valid" in run(folder, wacz, "validate", "-f", "captures/0001-1/page.wacz")
    _pdf_is_signed((folder / "report.pdf").read_bytes(), (folder / "organisation.pem").read_bytes())
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes().replace(b"pack", b"PACK", 1))
    run(folder, *signature, ok=False)
    run(folder, "openssl", "ts", "-verify", "-in", "manifest.tsr", "-data", "manifest.json", *ask, ok=False)


def _pdf_is_signed(pdf: bytes, pem: bytes) -> None:
    """By the library's own validator, told to trust nothing but the certificate beside the report."""
    from asn1crypto import pem as armour
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    root = x509.Certificate.load(armour.unarmor(pem)[2])
    reader = PdfFileReader(io.BytesIO(pdf))
    status = validate_pdf_signature(reader.embedded_signatures[0], ValidationContext(trust_roots=[root]))
    assert status.bottom_line, status.pretty_print_details()
    assert reader.root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in reader.root and reader.root["/Lang"] == "en"


def words_of(pdf: bytes) -> str:
    """Its text, page by page: each has fonts of its own."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    from tests import pdf_text

    objects = pdf_text.objects_of(pdf)
    said, waiting = "", [PdfFileReader(io.BytesIO(pdf)).root["/Pages"]]
    while waiting:
        node = waiting.pop(0)
        if "/Kids" in node:
            waiting = [*(one.get_object() for one in node["/Kids"]), *waiting]
            continue
        given = node["/Resources"]["/Font"]
        fonts = {name[1:].encode(): pdf_text.font(objects, given.raw_get(name).idnum) for name in given}
        said += "".join(pdf_text.shown(node["/Contents"].data, fonts))
    return pdf_text.bare(said).replace("\u200b", "")


def test_the_report_can_be_read_and_nothing_in_it_is_a_link(made: tuple[Pack, bytes, str]) -> None:
    import os

    _, data, secret = made
    pdf = dict(container.read(io.BytesIO(opened(data, secret))))["report.pdf"]
    if os.environ.get("EFFACE_SHOTS"):
        Path(os.environ["EFFACE_SHOTS"], "report.pdf").write_bytes(pdf)
    text = words_of(pdf)
    assert "hxxp://pictures[.]example/v/1044" in text and "SubjectA" in text and WALLET in text
    assert "Whodemandswhat:" in text and "Nobodyoutsidevouches" in text and b"/URI" not in pdf


def test_no_spreadsheet_runs_a_cell(made: tuple[Pack, bytes, str]) -> None:
    _, data, secret = made
    members = dict(container.read(io.BytesIO(opened(data, secret))))
    assert '"\'=no"' in members["kept/001.csv"].decode("utf-8-sig")
    import csv

    for name, body in members.items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(body.decode("utf-8-sig"))):
                assert not any(cell[:1] in "=+-@\t\r" for cell in row if cell), name


def test_a_job_that_was_killed_begins_anew(
    inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it had written is removed; the second time gives one whole pack."""
    import uuid

    from efface.engine.base import age, objects
    from efface.evidence.packs import gathering, making

    monkeypatch.setattr(making, "PIECE", 4096)
    case = full_case(inside, monkeypatch)
    secret, public = age.new_identity()
    wanted = making.Order("police", "Desk 1", public, list(gathering.PARTS))
    pack = making.order(case, wanted, "lead:1", now)

    class Killed(BaseException):
        pass

    def dies(*_: Any) -> bytes:
        raise Killed

    real = making.signing.detached
    monkeypatch.setattr(making.signing, "detached", dies)
    with pytest.raises(Killed):
        making.make(organisation=inside.pk, pack=pack.pk)
    pack.refresh_from_db()
    left = [uuid.UUID(name) for name in pack.blobs]
    assert pack.state == "waiting" and left
    monkeypatch.setattr(making.signing, "detached", real)
    making.make(organisation=inside.pk, pack=pack.pk)
    making.make(organisation=inside.pk, pack=pack.pk)  # a job may run twice
    pack.refresh_from_db()
    assert pack.state == "ready" and not set(left) & {uuid.UUID(name) for name in pack.blobs}
    for name in left:
        with pytest.raises(objects.ObjectMissing):
            objects.store().read(name)
    assert check(sealed(pack), secret).ok
    assert Custody.objects.filter(case=case, about="pack", action="made").count() == 1


def test_it_ends_by_itself_and_nothing_is_left(inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import uuid

    from efface.engine.base import objects
    from efface.engine.base.models import Deadline
    from efface.evidence.packs import making

    pack, _ = order(full_case(inside, monkeypatch))
    blobs = [uuid.UUID(name) for name in pack.blobs]
    deadline = Deadline.objects.get(key=f"pack.ends:{pack.pk}")
    assert deadline.due == now + making.KEPT
    making._ends(deadline, deadline.due)
    pack.refresh_from_db()
    assert pack.state == "ended" and blobs
    later = Deadline.objects.get(key=f"pack.ends:{pack.pk}")
    assert later.due == deadline.due + making.SOON and objects.store().read(blobs[0])
    making._ends(later, later.due)
    for name in blobs:
        with pytest.raises(objects.ObjectMissing):
            objects.store().read(name)


def test_what_is_left_out_is_nowhere_and_the_report_says_so(
    inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, secret = order(full_case(inside, monkeypatch), parts=["proof", "looks", "custody"])
    plain = opened(sealed(pack), secret)
    assert check(plain).ok
    members = dict(container.read(io.BytesIO(plain)))
    for body in members.values():
        for word in (b"pictures.example", b"Subject A", WALLET.encode(), b"Stranger"):
            assert word not in body
    assert not [name for name in members if name.startswith(("captures/", "kept/", "hashes/"))]
    text = words_of(members["report.pdf"])
    assert "Whatwasleftout" in text and "hername" in text and "pictures[.]example" not in text


def test_only_the_police_are_told_of_rings(inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from efface.evidence.extortion import deciding
    from tests.casework import make_case

    case, other = full_case(inside, monkeypatch), make_case(inside)
    deciding.add(other, "wallet", WALLET, "", "caseworker:1", now)

    def told(made_for: str) -> list[Any]:
        pack, secret = order(case, made_for=made_for, agreed=True)
        plain = opened(sealed(pack), secret)
        assert other.reference.encode() not in plain
        rows = json.loads(dict(container.read(io.BytesIO(plain)))["demands.json"])
        return [one["also_in_other_cases"] for one in rows if one["kind"] == "wallet"]

    assert told("police") == [1] and told("lawyer") == [None] and told("court") == [None]


def test_without_an_authority_a_pack_is_made_and_says_so(
    inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, secret = order(full_case(inside, monkeypatch))
    verdict = check(sealed(pack), secret)
    assert verdict.ok and verdict.stamped_at is None and "no timestamp" in " ".join(verdict.notes)
    assert "no authority" in pack.problem


def test_the_command_tells_it_in_words_and_in_json(made: tuple[Pack, bytes, str], tmp_path: Path) -> None:
    from click.testing import CliRunner

    from efface.cli.pack import pack as command

    _, data, secret = made
    file, key = tmp_path / "p.age", tmp_path / "key.txt"
    file.write_bytes(data)
    key.write_text(f"# created: today\n# public key: age1...\n{secret}\n")
    ask = ["verify", str(file), "--identity", str(key)]
    told = CliRunner().invoke(command, [*ask, "--json"])
    found = json.loads(told.stdout)
    assert told.exit_code == 0 and found["ok"] is True and found["problems"] == []
    pem = tmp_path / "c.pem"
    pem.write_bytes(dict(container.read(io.BytesIO(opened(data, secret))))["organisation.pem"])
    assert "Whole" in CliRunner().invoke(command, [*ask, "--certificate", str(pem)]).output
    authority = Path(__import__("os").environ["EFFACE_TSA_CERTIFICATE"])
    assert CliRunner().invoke(command, [*ask, "--authority", str(authority)]).exit_code == 0
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    file.write_bytes(changed)
    told = CliRunner().invoke(command, [*ask, "--json"])
    assert told.exit_code == 1 and json.loads(told.stdout)["ok"] is False
    told = CliRunner().invoke(command, ["verify", str(file)])
    assert told.exit_code == 1 and "--identity" in told.output
    file.write_bytes(b"hello")
    assert "neither a sealed pack" in CliRunner().invoke(command, ["verify", str(file)]).output


def test_another_authoritys_or_organisations_certificate_is_told(
    made: tuple[Pack, bytes, str], tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    from efface.evidence.packs import signing
    from testbed.servers.tsa import Authority
    from tests.conftest import NOON

    _, data, secret = made
    Authority(NOON).write(tmp_path)
    verdict = verifying.verify(io.BytesIO(data), secret, authority=str(tmp_path / "tsa-chain.pem"))
    assert any("timestamp" in one for one in verdict.problems)
    signing._make(tmp_path / "other.pem", datetime.now(UTC))
    pem = (tmp_path / "other.pem").read_bytes()
    other = pem[pem.index(b"-----BEGIN CERTIFICATE") :]
    verdict = verifying.verify(io.BytesIO(data), secret, certificate=other)
    assert "the pack was signed with another certificate than the one you gave" in verdict.problems


def test_a_configured_certificate_signs(
    inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    from efface.engine.base import sealing
    from efface.evidence.packs import signing

    signing._make(tmp_path / "own.pem", datetime.now(UTC))
    whole = (tmp_path / "own.pem").read_bytes()
    cut = whole.index(b"-----BEGIN CERTIFICATE")
    (tmp_path / "cert.pem").write_bytes(whole[cut:])
    (tmp_path / signing.KEY).write_bytes(whole[:cut])
    monkeypatch.setattr(sealing, "secrets_folder", lambda: tmp_path)
    monkeypatch.setenv("EFFACE_PACK_CERTIFICATE", str(tmp_path / "cert.pem"))
    assert not signing.signer(now).made_here
    (tmp_path / "bad.pem").write_bytes(b"x")
    monkeypatch.setenv("EFFACE_PACK_CERTIFICATE", str(tmp_path / "bad.pem"))
    pack, _ = order(full_case(inside, monkeypatch))
    assert pack.state == "failed" and "must be a PEM file" in pack.problem


def test_the_command_makes_one_and_asks_for_her_consent(
    inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import contextlib

    from click.testing import CliRunner

    from efface.cli import session
    from efface.cli.pack import pack as command
    from efface.engine.base import age

    monkeypatch.setattr(session, "database", contextlib.nullcontext)
    case = full_case(inside, monkeypatch)
    secret, public = age.new_identity()
    out = tmp_path / "out.age"
    asked = ["make", case.reference, "--for", "police", "--recipient", "Desk 1", "--key", public, "--out", str(out)]
    told = CliRunner().invoke(command, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["bytes"] == out.stat().st_size
    assert check(out.read_bytes(), secret).ok
    assert "cannot be written" in CliRunner().invoke(command, asked).output, "nothing is written over"
    asked[3] = "lawyer"
    assert "Ask her first" in CliRunner().invoke(command, asked).output
    asked[1] = "NONE"
    assert "there is no case" in CliRunner().invoke(command, asked).output
    assert "there is no part" in CliRunner().invoke(command, [*asked, "--part", "x"]).output
