"""In Arabic everything runs from right to left, but for what does not: addresses, codes, telephone numbers, dates in
digits. In the pages and in what is printed."""

from __future__ import annotations

import html
import re
from datetime import datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import gettext, override

from efface.cases import authority_letter, reaching, telling
from efface.engine.base import tenancy, typeset
from efface.evidence.models import Capture
from efface.law import load
from efface.portal.templatetags import doors
from tests import pdf_text, people

ARABIC = re.compile("[\u0621-\u064a]{2,}")
#: An address as it is shown, a telephone number, a code of four groups or two.
FOREIGN = re.compile(r"hxxps?://|\d{3} \d{3}|\b[a-z2-9]{4}-[a-z2-9]{4}\b", re.I)


class Directions(HTMLParser):
    """Texts of a page with the direction that stands nearest to each, and fields with theirs."""

    VOID = {"input", "meta", "link", "br", "img", "rect", "hr"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        mine = given.get("dir") or ("auto" if tag == "bdi" else self.stack[-1][1] if self.stack else "")
        if tag in ("input", "textarea", "select"):
            self.fields[str(given.get("name", ""))] = str(given.get("dir") or "")
        if tag not in self.VOID:
            self.stack.append((tag, str(mine)))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self.stack and self.stack[-1][0] not in ("script", "style"):
            self.texts.append((data.strip(), self.stack[-1][1]))

    def adrift(self) -> list[str]:
        """Texts that hold something that reads from left to right, and take the direction of an Arabic page."""
        return [text for text, side in self.texts if side == "rtl" and FOREIGN.search(text)]


@pytest.fixture
def seen(organisation: Any, opened: Any, now: Any) -> Any:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(opened.case, page="https://pictures.example/p/2/")
        people.make_finding(opened.case, age="unknown", page="https://pictures.example/p/3/")
        people.make_match(opened.case, state="asked", page="https://pictures.example/q/1/")
        people.make_notice(finding, state="sent", sent_at=now)
        people.make_check(finding)
        Capture.objects.create(
            organisation_id=organisation.pk, case=opened.case, finding=finding, episode=1, at=now, warc=finding.pk,
            warc_sha256="ab" * 32, warc_bytes=1, stamped_at=now,
        )  # fmt: skip
    return finding


def arabic(client: Client, path: str, **post: Any) -> str:
    headers = {"accept-language": "ar"}
    answer = client.post(path, post, headers=headers) if post else client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_the_page_turns_round_and_addresses_do_not(seen: Any, her: Client) -> None:
    her.post("/case/link/", {"url": "https://pictures.example/said/"})
    for path in ("/case/", "/case/links/", "/case/timeline/", "/case/access/", "/", "/places/de/", "/case/code/word/"):
        page = arabic(her, path)
        assert '<html lang="ar" dir="rtl">' in page, path
        assert Directions(page).adrift() == [], path
    page = arabic(her, "/case/timeline/record/", part=["pages", "proof", "letters", "looks", "happened"], look="page")
    assert "hxxps://" in page and Directions(page).adrift() == []


def test_what_is_adrift_is_found() -> None:
    page = '<html dir="rtl"><p>الصفحة {}</p></html>'
    assert Directions(page.format("hxxps://a[.]example/")).adrift() != []
    assert Directions(page.format('<bdi dir="ltr">hxxps://a[.]example/</bdi>')).adrift() == []
    assert Directions(page.format("116 016")).adrift() != [] and Directions(page.format("abcd-2345")).adrift() != []


def test_fields_for_codes_and_addresses_are_typed_from_left_to_right(her: Client, db: None) -> None:
    assert Directions(arabic(Client(), "/enter/")).fields["code"] == "ltr"
    assert Directions(arabic(Client(), "/back/")).fields["number"] == "ltr"
    assert Directions(arabic(her, "/case/links/")).fields["url"] == "ltr"
    assert Directions(arabic(her, "/case/questions/")).fields["who"] == "auto"


def test_the_desk_is_not_turned_round(organisation: Any) -> None:
    """Its pages are in English, whatever the browser asks for."""
    desk = people.signed_in(people.worker(organisation))
    for client, path in ((desk, "/console/queue/"), (Client(), "/console/sign-in/")):
        assert 'dir="ltr"' in arabic(client, path)[:200], path


def gettext_in(language: str, text: str) -> str:
    with override(language):
        return gettext(text)


def read(pdf: bytes) -> str:
    return " ".join(pdf_text.runs(pdf)).replace("\u2066", "").replace("\u2069", "")


def test_the_letter_of_authority_can_be_read_back() -> None:
    """Every Arabic word is in it, joined letters and all; what reads from left to right was not turned."""
    letter = authority_letter.letter("ar", "Example House", "22ab-33cd")
    data = authority_letter.pdf(letter, "Subject A", [], datetime(2026, 3, 2))
    assert data[:5] == b"%PDF-" and b"/Lang(ar)" in data.replace(b" ", b"")
    back = read(data)
    said = {word for one in (letter.title, *letter.paragraphs, letter.signed) for word in ARABIC.findall(one)}
    assert len(said) > 50 and {one for one in said if one not in back} == set()
    assert all(one in back for one in ("22ab-33cd", "2026-03-02", "Subject", "Example"))


def test_a_missing_glyph_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = authority_letter.pdf(authority_letter.letter("ar", "House", "22ab"), "Subject A", [], datetime(2026, 3, 2))
    monkeypatch.setattr(pdf_text, "font", lambda objects, number: {})
    with pytest.raises(pdf_text.Unreadable):
        pdf_text.runs(data)


def test_joined_letters_are_not_torn_apart() -> None:
    """The bundled font that has Arabic gives each letter the same width; the machine's are taken for it."""
    letter = authority_letter.letter("ar", "Example House", "22ab-33cd")
    data = authority_letter.pdf(letter, "Subject A", [], datetime(2026, 3, 2))
    fonts = set(re.findall(rb"/BaseFont/[A-Z]{6}\+([A-Za-z]+)", data))
    if not fonts & {b"DejaVuSans", b"NotoSansArabic", b"NotoNaskhArabic"}:
        pytest.skip(f"no font with Arabic letters on this machine: install fonts-dejavu-core ({fonts})")
    assert not any(b"Mono" in one for one in fonts)


def test_her_record_in_arabic_can_be_read_back(seen: Any, her: Client) -> None:
    answer = her.post(
        "/case/timeline/record/", {"part": ["pages", "proof", "letters", "looks", "happened"], "look": "pdf"},
        headers={"accept-language": "ar"},
    )  # fmt: skip
    assert answer.headers["Content-Type"] == "application/pdf"
    back = read(answer.content)
    assert all(one in back for one in ("hxxps://pictures[.]example/p/2/", "ab" * 32, "Hosting"))
    for line in ("Record of what happened", "Page %(n)d", "Address"):
        for word in ARABIC.findall(gettext_in("ar", line)):
            assert word in back, word


def test_marks_keep_what_is_foreign_together_only_where_it_would_turn() -> None:
    assert typeset.kept("2026-03-02", "ar") == "\u20662026-03-02\u2069"
    assert typeset.kept("2026-03-02", "de") == "2026-03-02" and typeset.kept("", "ar") == ""


def test_places_and_what_their_law_says_are_told_in_arabic(db: None) -> None:
    held = load()
    assert [one for one in held.jurisdictions if not ARABIC.search(held.called(one, "ar"))] == []
    told = {code: held.plainly(code, "ar") for code in held.jurisdictions}
    assert [code for code, said in told.items() if not ARABIC.search(said)] == []
    for code, said in told.items():
        # Years, hours, and telephone numbers are the same as in English.
        assert set(re.findall(r"\d+", said)) == set(re.findall(r"\d+", held.plainly(code))), code
    page = arabic(Client(), "/places/de/")
    assert "<h1><bdi>ألمانيا</bdi></h1>" in page and '<bdi dir="ltr">116 016</bdi>' in page


@pytest.mark.parametrize(
    ("said", "kept"),
    [("اتصل 116 016 الآن", ["116 016"]), ("0900-8844.", ["0900-8844"]), ("#9110", ["#9110"]),
     ("+49 30 12", ["+49 30 12"]), ("عام 2026، 48 ساعة", []), ("<b>1", [])],
)  # fmt: skip
def test_telephone_numbers_in_a_text(said: str, kept: list[str]) -> None:
    shown = doors.numbers(said)
    assert re.findall(r'<bdi dir="ltr">(.*?)</bdi>', shown) == kept and "<b>" not in shown
    assert html.unescape(re.sub(r"</?bdi[^>]*>", "", shown)) == said


def test_a_quiet_mail_carries_arabic_words(opened: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    opened.case.language = "ar"
    said = reaching.words_of(opened.case, reaching.Rules(words=next(iter(dict(reaching.NEUTRAL)))))
    way = reaching.Way(reaching.MAIL, "someone@mail-box.example", said, True, now, "", "me")
    read_back = message_from_bytes(telling.letter(way, "<1@plain.example>", now), policy=policy.default)
    assert ARABIC.search(said) and read_back["Subject"] == said and read_back.get_content().strip() == said
