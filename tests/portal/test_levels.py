"""What she sees of levels, consents, the export and the erasure; and what whoever looks over her shoulder does not."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.cases import attesting, consents, events, messages, naming, opening, safety, uses
from efface.cases.models import Attestation, Case, ComparedDay, Consent, Fingerprint, Message, SafetySign
from efface.engine.base import clock, deadlines, tenancy
from efface.portal import export
from tests import people
from tests.conftest import NOON, role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WORD = "rosmarin"


@pytest.fixture
def opened(organisation: Any, now: Any) -> opening.Opened:
    opened: opening.Opened = people.open_case(organisation, name="Subject A")
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "text_search", "notify"):
            consents.give(opened.case, purpose, "survivor", NOON)
    return opened


@pytest.fixture
def her(opened: opening.Opened) -> Client:
    return people.entered(opened.access_code)


def attest(organisation: Any, case: Case, *, through: bool = False) -> None:
    first, second = people.worker(organisation), people.worker(organisation)
    with tenancy.organisation(organisation.pk):
        made = attesting.attest(case, first, spoke_alone=True, proof_seen="identity card", now=NOON)
        attesting.approve(made, second, NOON)
    if through:
        fire(NOON + 3 * DAY)


def fire(moment: Any) -> None:
    with role("efface_engine"):
        deadlines.fire(moment)


def shown(client: Client, path: str) -> str:
    text = client.get(path).content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)


def test_she_sees_when_it_starts_and_stops_it(organisation: Any, opened: Any, her: Client) -> None:
    assert "a trained worker speaks with you" in shown(her, "/case/allow/")
    attest(organisation, opened.case)
    for page in ("/case/", "/case/allow/"):
        assert "5 March 2026, " in shown(her, page) and 'id="level-stop"' in shown(her, page)
    answer = her.post("/case/allow/stop/", follow=True)
    assert b"Stopped. Your face and names are not used." in answer.content
    fire(NOON + 4 * DAY)
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=opened.case.pk).level == "declared"
    assert "Search for your face and names was stopped" in shown(her, "/case/timeline/")


PAGES = ("/case/", "/case/allow/", "/case/allow/of/text_search/", "/case/timeline/", "/case/me/", "/case/pictures/",
         "/case/talk/")  # fmt: skip


@pytest.mark.parametrize("stage", ["before", "cooling", "attested"])
def test_after_her_word_her_pages_look_as_they_did(organisation: Any, opened: Any, her: Client, stage: str) -> None:
    """The controlling partner who holds her phone and reads every page before and after."""
    at = NOON + 4 * DAY if stage == "attested" else NOON
    if stage != "before":
        attest(organisation, opened.case, through=stage == "attested")
    her.post("/case/talk/", {"word": WORD})
    with clock.fixed(at):
        if stage == "attested":
            with tenancy.organisation(organisation.pk):
                naming.add(opened.case, "handle", "quietlake_94", "survivor", at)
        her.get("/case/talk/")
        before = {page: shown(her, page) for page in PAGES}
        with tenancy.organisation(organisation.pk):
            safety.signal(opened.case, "conversation", at)
        assert {page: shown(her, page) for page in PAGES} == before
        with tenancy.organisation(organisation.pk):
            assert SafetySign.objects.count() == 1
            assert Case.objects.get(pk=opened.case.pk).level == "declared"


def test_the_day_on_which_it_would_have_begun_passes_as_if_it_had(organisation: Any, opened: Any, her: Client) -> None:
    twin = people.open_case(organisation, name="Subject A")
    other = people.entered(twin.access_code)
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "text_search", "notify"):
            consents.give(twin.case, purpose, "survivor", NOON)
    for case in (opened.case, twin.case):
        attest(organisation, case)
    with tenancy.organisation(organisation.pk):
        safety.signal(opened.case, "conversation", NOON)
    fire(NOON + 3 * DAY)
    with clock.fixed(NOON + 4 * DAY):
        for page in PAGES:
            assert shown(her, page) == shown(other, page), page


def test_a_page_that_asked_may_itself_would_give_her_away(
    organisation: Any, opened: Any, her: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red: showing the truth is what the pages must not do."""
    from efface.cases.may import may
    from efface.portal import allowing

    attest(organisation, opened.case, through=True)
    with clock.fixed(NOON + 4 * DAY):
        before = shown(her, "/case/allow/")
        with tenancy.organisation(organisation.pk):
            safety.signal(opened.case, "message", NOON + 4 * DAY)
        assert shown(her, "/case/allow/") == before
        monkeypatch.setattr(allowing, "seen", may)
        assert "not attested" in shown(her, "/case/allow/")


def test_setting_a_word_looks_the_same_the_first_and_the_second_time(her: Client, opened: Any) -> None:
    first = her.post("/case/talk/", {"word": WORD}, follow=True).content.decode()
    second = her.post("/case/talk/", {"word": "heidelberg"}, follow=True).content.decode()
    assert WORD not in first and re.sub("csrf.*?>", "", first) == re.sub("csrf.*?>", "", second)
    assert her.post("/case/talk/", {"word": "ok"}).status_code == 422
    her.post("/case/messages/write/", {"text": "rosmarin"})
    with tenancy.organisation(opened.case.organisation_id):
        assert SafetySign.objects.get().where == "message"
    assert "rosmarin" in shown(her, "/case/messages/"), "a message that vanished would be the odd thing"


# Consents and what was done with them.


def test_the_history_of_a_consent(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        people.make_match(opened.case, at=NOON + DAY)
        uses.note(opened.case, "hash_match", "looked-back", NOON, found=2)
        consents.stop(opened.case, "survivor", NOON + 3 * DAY)
        consents.resume(opened.case, "survivor", NOON + 6 * DAY)
    with role("efface_engine"):
        for number in range(-1, 8):
            ComparedDay.objects.create(day=(NOON + number * DAY).date(), pictures=1000 + number, faces=7, pages=9)
    with clock.fixed(NOON + 7 * DAY):
        page = shown(her, "/case/allow/of/hash_match/")
    lines = re.findall(r"<li><time[^>]*>(\d+ March 2026)</time>: (.*?)</li>", page)
    told = {day: words for day, words in lines if "met that day" in words}
    assert list(told) == [f"{day} March 2026" for day in (9, 8, 5, 4, 3, 2)], "not before, and not while it was paused"
    assert "1001 pictures" in told["3 March 2026"] and "One page was found" in told["3 March 2026"]
    assert "Nothing was found" in told["4 March 2026"]
    assert any("met before" in words and "2 pages" in words for _day, words in lines)
    assert her.get("/case/allow/of/block_face/").status_code == 404
    assert her.get("/case/allow/of/nothing/").status_code == 404


def test_what_was_sent_is_said_plainly_when_it_is_taken_back(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        people.make_notice(people.make_finding(opened.case), state="sent", sent_at=NOON)
    answer = her.post("/case/allow/change/", {"purpose": "notify", "choice": "withdraw"}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == "/case/allow/of/notify/"
    assert "One letter went out before. It cannot be called back" in page and "A letter went to" in page
    assert "Since then it is not used" in page
    assert "They cannot be called back" in shown(her, "/case/allow/")


def test_before_a_consent_ends_she_is_told_neutrally_and_renews_it(
    organisation: Any, opened: Any, her: Client
) -> None:
    fire(NOON + 350 * DAY)
    with tenancy.organisation(organisation.pk):
        assert not Message.objects.exists()
    with clock.fixed(NOON + 352 * DAY):
        fire(NOON + 352 * DAY)
        with tenancy.organisation(organisation.pk):
            texts = [row.text for row in Message.objects.all()]
        assert len(texts) == 3
        assert set(texts) == {
            "Something you set ends on 2 March 2027. If you want it to go on, you find it under “What I allow”."
        }
        page = shown(her, "/case/allow/")
        assert page.count('value="renew"') == 3
        her.post("/case/allow/change/", {"purpose": "notify", "choice": "renew"})
        her.post("/case/allow/change/", {"purpose": "notify", "choice": "renew"})
        with tenancy.organisation(organisation.pk):
            assert Consent.objects.filter(purpose="notify").count() == 2, "twice is once"
        assert shown(her, "/case/allow/").count('value="renew"') == 2
    fire(NOON + 366 * DAY)
    with clock.fixed(NOON + 366 * DAY), tenancy.organisation(organisation.pk):
        standing = Consent.objects.filter(withdrawn_at=None, expires_at__gt=clock.now())
        assert list(standing.values_list("purpose", flat=True)) == ["notify"]


def test_the_reminder_speaks_her_language(organisation: Any, now: Any) -> None:
    case = people.open_case(organisation, language="de").case
    with tenancy.organisation(organisation.pk):
        consents.give(case, "notify", "survivor", NOON)
    fire(NOON + 352 * DAY)
    with tenancy.organisation(organisation.pk):
        assert Message.objects.get().text.startswith("Etwas, das du eingestellt hast, endet am 2")


# Everything, to take along.


def unpacked(answer: Any) -> tuple[str, dict[str, Any]]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None and archive.namelist() == ["notes.html", "notes.json"]
    return archive.read("notes.html").decode(), json.loads(archive.read("notes.json"))


def test_everything_in_one_file(organisation: Any, opened: Any, her: Client) -> None:
    case = opened.case
    attest(organisation, case, through=True)
    her.post("/case/talk/", {"word": WORD})
    with tenancy.organisation(organisation.pk):
        messages.write(case, from_survivor=True, author="survivor", text="<script>alert(1)</script> & more", now=NOON)
        people.make_match(case, kind="face", page="https://stranger.example/not-looked-at")
        people.make_match(case, state="asked", page="https://pictures.example/asked")
        finding = people.make_finding(case, page="https://pictures.example/found")
        people.make_notice(finding, state="sent", sent_at=NOON)
        face = Fingerprint(organisation=organisation, case=case, kind="face", age="adult", created=NOON)
        face.value, face.label = {"model": "m", "vector": [0.123456], "photos": 3}, "my face"
        face.save()
        for number in range(2 * export.AT_ONCE + 3):
            events.record(case, "link.reported", "survivor", now=NOON, number=number)
        safety.signal(case, "message", NOON + 4 * DAY)
    with clock.fixed(NOON + 4 * DAY):
        answer = her.post("/case/everything/", {"code": opened.access_code})
        assert answer.headers["Content-Disposition"] == 'attachment; filename="notes-2026-03-06.zip"'
        assert answer.headers["Cache-Control"] == "no-store" and answer.streaming
        page, data = unpacked(answer)
    assert "Subject A" in page and data["case"][0]["name"] == "Subject A"
    assert data["case"][0]["level"] == "on, where you allow it", "the file, too, looks as if nothing had been said"
    assert len([one for one in data["timeline"] if one["what"] == "A link was reported."]) == 2 * export.AT_ONCE + 3
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
    assert data["messages"][0]["text"] == "<script>alert(1)</script> & more"
    assert [one["page"] for one in data["asked"]] == ["https://pictures.example/asked"]
    assert "hxxps://pictures[.]example/found" in page and "href" not in page and "src=" not in page
    whole = page + json.dumps(data)
    for kept_back in ("stranger.example", "0.123456", "argon2", WORD, "sign", "Caseworker", str(case.pk)):
        assert kept_back not in whole, kept_back
    assert len(data["letters"]) == 1 and len(data["findings"]) == 1 and data["permissions"][0]["until"]
    assert "we keep none" in page and data["left_out"]


def test_the_file_is_hers_alone_and_asks_for_the_code(organisation: Any, opened: Any, her: Client) -> None:
    other = people.open_case(organisation, name="Subject B")
    with tenancy.organisation(organisation.pk):
        messages.write(other.case, from_survivor=True, author="survivor", text="the garden gate", now=NOON)
    for code in ("", "aaaa-bbbb-cccc-dddd", other.access_code):
        answer = her.post("/case/everything/", {"code": code})
        assert answer.status_code == 422 and b"This is not your code" in answer.content
    page, data = unpacked(her.post("/case/everything/", {"code": opened.access_code.upper()}))
    assert "garden gate" not in page and data["messages"] == []


def test_guessing_the_code_again_and_again_ends(her: Client, opened: Any) -> None:
    for _ in range(10):
        her.post("/case/everything/", {"code": "aaaa-bbbb-cccc-dddd"})
    answer = her.post("/case/everything/", {"code": opened.access_code})
    assert answer.status_code == 422 and b"many wrong codes" in answer.content


def test_nothing_of_the_file_is_written_to_a_disk(
    her: Client, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    opens, real = [], builtins.open

    def watched(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
        if set(mode) & set("wax+"):
            opens.append(str(file))
        return real(file, mode, *more, **named)

    answer = her.post("/case/everything/", {"code": opened.access_code})
    monkeypatch.setattr(builtins, "open", watched)
    monkeypatch.setattr(io, "open", watched)
    pieces = list(answer.streaming_content)
    assert len(pieces) > 20 and opens == [], "it comes in pieces"


# Leaving.


def test_erasing_waits_and_is_taken_back(organisation: Any, opened: Any, her: Client) -> None:
    page = shown(her, "/case/end/")
    assert "What stays, and why" in page and "A line without content" in page
    assert her.post("/case/end/", {"when": "later", "code": "x"}).status_code == 422
    assert her.post("/case/end/", {"code": opened.access_code}).status_code == 422
    answer = her.post("/case/end/", {"when": "later", "code": opened.access_code}, follow=True)
    assert b"Everything is to be erased" in answer.content and b"9 March 2026" in answer.content
    with tenancy.organisation(organisation.pk):
        case = Case.objects.get(pk=opened.case.pk)
        assert (case.state, case.erase_at) == ("paused", NOON + 7 * DAY)
    her.post("/case/end/", {"when": "later", "code": opened.access_code})
    assert 'value="resume"' not in shown(her, "/case/")
    her.post("/case/pause/", {"choice": "resume"})
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=opened.case.pk).state == "paused", "it is taken back first"
    assert b"Everything is kept" in her.post("/case/end/keep/", follow=True).content
    fire(NOON + 8 * DAY)
    with tenancy.organisation(organisation.pk):
        case.refresh_from_db()
        assert (case.state, case.erase_at, case.name) == ("paused", None, "Subject A")


def test_erasing_happens_when_nobody_takes_it_back(organisation: Any, opened: Any, her: Client) -> None:
    her.post("/case/end/", {"when": "later", "code": opened.access_code})
    fire(NOON + 7 * DAY)
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=opened.case.pk).state == "erased"
    assert her.get("/case/").status_code == 302
    assert opening.enter(opened.access_code) is None


def test_erasing_at_once_needs_to_be_meant(organisation: Any, opened: Any, her: Client) -> None:
    with tenancy.organisation(organisation.pk):
        people.make_notice(people.make_finding(opened.case), state="sent", sent_at=NOON)
    assert "One letter that went out" in shown(her, "/case/end/")
    assert her.post("/case/end/", {"when": "now", "code": opened.access_code}).status_code == 422
    answer = her.post("/case/end/", {"when": "now", "sure": "yes", "code": opened.access_code})
    assert b"It is erased" in answer.content and "storage" in answer.headers["Clear-Site-Data"]
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=opened.case.pk).state == "erased"
    assert her.get("/case/").status_code == 302


# A case that only keeps a face out.


def test_a_case_that_only_blocks_has_pages_of_its_own(organisation: Any, now: Any) -> None:
    opened = people.open_case(organisation, kind="block")
    her = people.entered(opened.access_code)
    page = shown(her, "/case/")
    assert "Keeping your face out" in page and "/case/questions/" not in page and "You know a page" not in page
    allow = shown(her, "/case/allow/")
    assert re.findall(r'data-purpose="(\w+)"', allow) == ["block_face"]
    assert her.post("/case/allow/change/", {"purpose": "face_search", "choice": "give"}).status_code == 404
    her.post("/case/allow/change/", {"purpose": "block_face", "choice": "give"})
    assert "not-yet" in shown(her, "/case/pictures/"), "no photo is taken in before the conversation"
    attest(organisation, opened.case, through=True)
    with clock.fixed(NOON + 4 * DAY):
        assert "Choose three photos or more" in shown(her, "/case/pictures/")
        other = shown(people.entered(people.open_case(organisation).access_code), "/case/pictures/")
        assert "My face" not in other and "Choose three photos" not in other, "and no other case has them"
        assert "under “My face”" in shown(her, "/case/")
        with tenancy.organisation(organisation.pk):
            row = Fingerprint(organisation=organisation, case=opened.case, kind="face", age="adult", created=NOON)
            row.value = {"model": "m", "vector": [1.0], "photos": 3}
            row.save()
        assert 'data-fact="blocked"' in shown(her, "/case/")
    with tenancy.organisation(organisation.pk):
        assert Attestation.objects.count() == 1


def test_anybody_can_read_how_to_keep_a_face_out(db: None) -> None:
    assert b"Keep my face out" in Client().get("/own/").content
    assert b'href="/own/"' in Client().get("/").content
