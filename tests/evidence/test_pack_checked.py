"""What a lawyer does with a pack: the lines of docs/evidence.md and of the pack's README.txt, run as they are printed;
every byte of the file; the report for people who listen; and a key that was lost."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject
from pyhanko.pdf_utils.reader import PdfFileReader

from efface.cases.models import Case
from efface.engine.base import age, tenancy
from efface.evidence import custody
from efface.evidence.models import Custody, InvestigatorKey, Pack, PoliceRequest, ReferralPack
from efface.evidence.packs import container, making, verifying
from efface.evidence.referrals import referring, room
from tests import pdf_text, people
from tests.evidence.conftest import Tsa
from tests.evidence.packing import full_case, opened, order, sealed

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
ARABIC = "ادفعي ثلاثمائة دولار قبل يوم الجمعة"


@pytest.fixture
def made(inside: Any, now: Any, tsa: Tsa, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Pack, bytes, str]:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path / "data"))
    pack, secret = order(full_case(inside, monkeypatch))
    assert pack.state == "ready", pack.problem
    return pack, sealed(pack), secret


def in_shell(folder: Path, lines: list[str]) -> subprocess.CompletedProcess[str]:
    """As somebody pastes them, one after another; the first that fails ends it."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    if not shutil.which("pyhanko", path=path):
        # A package of its own, which is not on this machine: ``test_packs`` asks the library that it is made of.
        lines = [one for one in lines if not one.startswith("pyhanko ")]
    return subprocess.run(["sh", "-ec", "\n".join(lines)], cwd=folder, env={**os.environ, "PATH": path},
                          capture_output=True, text=True, check=False)  # fmt: skip


def desk(folder: Path, data: bytes, secret: str, name: str) -> Path:
    folder.mkdir()
    (folder / name).write_bytes(data)
    (folder / "key.txt").write_text(f"# public key: age1...\n{secret}\n")
    return folder


def printed(text: str, heading: str) -> list[str]:
    """The commands of a chapter: its lines that are set off by four spaces."""
    chapter = text[text.index(heading) :]
    return [line[4:] for line in chapter.splitlines() if line.startswith("    ")]


TOOLS = [name for name in ("age", "unzip", "openssl") if not shutil.which(name)]
needs_tools = pytest.mark.skipif(bool(TOOLS), reason=f"not on this machine: {', '.join(TOOLS)}")


@needs_tools
def test_the_lines_of_the_documentation_work_as_printed(made: tuple[Pack, bytes, str], tmp_path: Path) -> None:
    pack, data, secret = made
    lines = printed((ROOT / "docs/evidence.md").read_text(encoding="utf-8"), "## Checking a pack with stock tools")
    assert len(lines) >= 9 and {"age", "openssl", "wacz", "pyhanko", "python3"} <= {one.split()[0] for one in lines}
    name = making.filename(pack)
    lines = [one.replace("pack-....zip.age", name) for one in lines]
    whole = desk(tmp_path / "whole", data, secret, name)
    done = in_shell(whole, lines)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert told.count("Verification: OK") == 2 and "CMS Verification successful" in told and "is valid" in told
    assert "CHANGED" not in told and told.count("OK ") > 10
    if shots := os.environ.get("EFFACE_SHOTS"):
        Path(shots, "pack-transcript.txt").write_text(f"$ {chr(10).join(lines)}\n\n{told}")
    bent = bytearray(data)
    bent[len(data) // 2] ^= 1
    done = in_shell(desk(tmp_path / "bent", bytes(bent), secret, name), lines)
    assert done.returncode != 0, "the first line already fails"


@needs_tools
@pytest.mark.parametrize(("member", "word"), [
    ("case.json", "CHANGED"), ("manifest.json", "fail"), ("report.pdf", "CHANGED"),
    ("captures/0001-1/page.wacz", "CHANGED"),
])  # fmt: skip
def test_a_member_changed_after_it_was_opened_makes_a_line_fail(
    made: tuple[Pack, bytes, str], tmp_path: Path, member: str, word: str
) -> None:
    pack, data, secret = made
    lines = printed((ROOT / "docs/evidence.md").read_text(encoding="utf-8"), "## Checking a pack with stock tools")
    name = making.filename(pack)
    folder = desk(tmp_path / "desk", data, secret, name)
    at = next(number for number, one in enumerate(lines) if one.startswith("unzip pack.zip"))
    opening = [one.replace("pack-....zip.age", name) for one in lines[: at + 1]]
    assert in_shell(folder, opening).returncode == 0
    path = folder / "pack" / member
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    done = in_shell(folder / "pack", lines[at + 1 :])
    told = done.stdout + done.stderr
    assert (done.returncode != 0 or "CHANGED" in told) and word in told.replace("FAIL", "fail"), told


@needs_tools
def test_the_lines_of_the_packs_own_readme_work_as_printed(made: tuple[Pack, bytes, str], tmp_path: Path) -> None:
    pack, data, secret = made
    readme = dict(container.read(io.BytesIO(opened(data, secret))))["README.txt"].decode()
    tool = re.compile(r"     (age|unzip|openssl|wacz|pyhanko|python3) ")
    lines = [one.strip() for one in readme.splitlines() if tool.match(one)]
    assert len(lines) == 10 and not any("efface" in one for one in lines)
    folder = desk(tmp_path / "desk", data, secret, making.filename(pack))
    done = in_shell(folder, [one.replace("your-key.txt", "key.txt") for one in lines])
    assert done.returncode == 0, done.stdout + done.stderr


def spots(plain: bytes) -> dict[str, list[int]]:
    """Every byte that no member's content covers (heads, directory, end), and of each member bytes all over it."""
    found: dict[str, list[int]] = {"layout": []}
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        for info in archive.infolist():
            start = info.header_offset + 30 + len(info.filename.encode())
            found["layout"] += range(info.header_offset, start)
            step = max(1, info.file_size // 5)
            found[info.filename] = sorted({*range(start, start + info.file_size, step), start + info.file_size - 1})
        found["layout"] += range(archive.start_dir, len(plain))
    return found


@pytest.mark.slow
def test_every_byte_of_the_layout_and_some_of_every_member(made: tuple[Pack, bytes, str]) -> None:
    """Heads, names, dates, checksums, directory, end, comment: one by one. Of each member: its first and last byte and
    some between, among them those that nothing but the layout covers."""
    _, data, secret = made
    plain = opened(data, secret)
    places = spots(plain)
    assert len(places) > 12 and len(places["layout"]) > 1500
    for at in places.pop("layout"):
        bent = bytearray(plain)
        bent[at] ^= 0xFF
        with pytest.raises(container.Altered):
            list(container.read(io.BytesIO(bytes(bent))))
    for name, ats in places.items():
        for at in ats:
            bent = bytearray(plain)
            bent[at] ^= 1
            assert not verifying.verify(io.BytesIO(bytes(bent))).ok, (name, at)


def test_what_is_put_before_after_or_between_is_found(made: tuple[Pack, bytes, str]) -> None:
    """Also what other programs let pass: bytes before the file, after it, in the comment, in the seal's tail."""
    _, data, secret = made
    plain = opened(data, secret)
    with_comment = plain[:-2] + b"\x05\x00hello"
    between = zipfile.ZipFile(io.BytesIO(plain)).start_dir
    for bent in (plain + b"\0", b"\0" + plain, with_comment, plain[:-1], plain[:between] + b"\0" + plain[between:],
                 plain + plain, b""):  # fmt: skip
        assert not verifying.verify(io.BytesIO(bent)).ok
    for bent in (data + b"\0", data[:-1], data[:-17], data + data, b"\n" + data):
        assert not verifying.verify(io.BytesIO(bent), secret).ok
    wacz = dict(container.read(io.BytesIO(plain)))["captures/0001-1/page.wacz"]
    for bent in (wacz + b"\0", wacz[:-2] + b"\x01\x00x"):
        with pytest.raises(container.Altered):
            list(container.read(io.BytesIO(bent)))


# --- for people who listen ---


def roles(node: Any) -> list[str]:
    """The structure of a tagged PDF in reading order: the kind of each element."""
    found = [str(node["/S"])[1:]] if "/S" in node else []
    kids = node.get("/K", [])
    for kid in [kids[at] for at in range(len(kids))] if isinstance(kids, ArrayObject) else [kids]:
        if isinstance(kid, DictionaryObject):
            found += roles(kid)
    return found


def spoken(reader: PdfFileReader) -> list[str]:
    """Runs of text, page by page, each in reading order."""
    found = []
    for page in pages(reader.root["/Pages"]):
        given = page["/Resources"]["/Font"]
        fonts = {name[1:].encode(): pdf_text.letters_of(given[name]["/ToUnicode"].data) for name in given}
        found += pdf_text.shown(page["/Contents"].data, fonts)
    return found


def read(pdf: bytes) -> PdfFileReader:
    reader = PdfFileReader(io.BytesIO(pdf))
    root = reader.root
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en" and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in root["/Metadata"].data
    return reader


def pages(node: Any) -> list[Any]:
    kids = [one.get_object() for one in node["/Kids"]]
    return [page for kid in kids for page in (pages(kid) if "/Kids" in kid else [kid])]


def test_the_report_is_tagged_titled_and_in_reading_order(made: tuple[Pack, bytes, str]) -> None:
    pack, data, secret = made
    reader = read(dict(container.read(io.BytesIO(opened(data, secret))))["report.pdf"])
    assert str(reader.trailer_view["/Info"]["/Title"]) == f"Evidence in case {pack.case.reference}"
    kinds = [one for one in roles(reader.root["/StructTreeRoot"]) if one in ("H1", "H2", "H3", "L", "LI", "P")]
    assert kinds[0] == "H1" and kinds.count("H1") == 1 and kinds[1] == "P"
    assert kinds.count("H2") >= 4 and kinds.index("H3") > kinds.index("H2") and kinds.count("LI") > 4
    for page in pages(reader.root["/Pages"]):
        assert page["/Tabs"] == "/S" and "/StructParents" in page
        words = page["/Contents"].data
        outside = re.sub(rb"B(?:DC|MC).*?EMC", b"", words, flags=re.S)
        assert b"BT" in words and b"BT" not in outside, "nothing is painted that is neither told nor decoration"


def test_arabic_in_a_report_says_that_it_is_arabic(
    inside: Any, now: Any, tsa: Tsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What she and others wrote keeps its letters joined, its direction and its language, and can be found."""
    from efface.evidence.extortion import deciding

    case = full_case(inside, monkeypatch)
    Case.objects.filter(pk=case.pk).update(language="ar")
    case = Case.objects.get(pk=case.pk)
    case.name = "ليلى"
    case.save()
    deciding.add(case, "demand", ARABIC, "", "caseworker:1", now)
    with translation.override("ar"):
        pack, secret = order(case)
    assert pack.state == "ready", pack.problem
    data = sealed(pack)
    assert verifying.verify(io.BytesIO(data), secret).ok
    pdf = dict(container.read(io.BytesIO(opened(data, secret))))["report.pdf"]
    reader = read(pdf)
    said = [word for word in spoken(reader) if word.strip()]
    assert set(ARABIC.split()) <= {one.strip() for one in said} and any("ليلى" in one for one in said)
    painted = b"".join(page["/Contents"].data for page in pages(reader.root["/Pages"]))
    assert painted.count(b"/Lang(ar)") >= len(ARABIC.split())
    if shots := os.environ.get("EFFACE_SHOTS"):
        Path(shots, "report-ar.pdf").write_bytes(pdf)


# --- a key that was lost ---


def test_a_lost_key_leaves_the_chain_whole(
    inside: Any, now: Any, tsa: Tsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for by the investigator, granted by a lead: the old pack goes, the new one opens with the new key alone,
    and the chain of custody says both."""
    case = full_case(inside, monkeypatch)
    officer, lead = people.worker(inside, "investigator", "Officer One"), people.worker(inside, "lead")
    actor = f"lead:{lead.pk}"
    parts = tuple(referring.PARTS)
    given = referring.Order(officer.pk, "Cyber Unit", parts, 20, risks_told=True)
    row = referring.refer(case, given, actor, now)
    first, public = age.new_identity()
    room.give_key(inside.pk, officer.pk, public, False, now)
    old = referring.pack(row, actor, now)
    making.make(organisation=inside.pk, pack=old.pk)
    taken = b"".join(room.take(row, old.pk, now)[1])
    assert verifying.verify(io.BytesIO(taken), first).ok
    second, other = age.new_identity()
    with tenancy.investigator(inside.pk, officer.pk, now):
        room.give_key(inside.pk, officer.pk, other, True, now)
        with pytest.raises(PoliceRequest.DoesNotExist):  # the database gives them no row to decide upon
            room.decide(PoliceRequest.objects.get(kind="reseal"), True, "", f"investigator:{officer.pk}", now)
    asked = PoliceRequest.objects.get(kind="reseal")
    assert Pack.objects.get(pk=old.pk).state == "ready", "nothing happens before a lead decides"
    room.decide(asked, True, "", actor, now)
    new = ReferralPack.objects.get(referral=row, pack__key=other).pack
    making.make(organisation=inside.pk, pack=new.pk)
    with pytest.raises(making.PackRefused):
        room.take(row, old.pk, now)
    whole = b"".join(room.take(row, new.pk, now)[1])
    verdict = verifying.verify(io.BytesIO(whole), second)
    assert verdict.ok and not verifying.verify(io.BytesIO(whole), first).ok
    assert InvestigatorKey.objects.get(key=public).ended_why == "lost"
    assert custody.problems(case.pk) == []
    lines = list(Custody.objects.filter(case=case, about="pack").order_by("number").values_list("subject", "action"))
    assert lines == [(old.pk, "made"), (old.pk, "handed-over"), (old.pk, "removed"), (new.pk, "made"),
                     (new.pk, "handed-over")]  # fmt: skip
    handed = Custody.objects.get(subject=old.pk, action="handed-over")
    assert handed.sha256 == hashlib.sha256(taken).hexdigest(), "what they hold can still be told from any other file"
    told = dict(container.read(io.BytesIO(opened(whole, second))))["custody.json"].decode()
    assert str(old.pk) in told and "removed" in told
