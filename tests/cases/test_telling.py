"""Safe contact: by default nothing goes out; what goes out keeps her rules, through one function, and says nothing."""

from __future__ import annotations

import ast
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import gettext, override

import efface
from efface.cases import consents, erasing, events, messages, reaching, telling
from efface.cases.models import Case, Telling
from efface.cases.reaching import NotReachable, Rules
from efface.engine.base import clock, outbox
from efface.engine.base.models import Outbox
from tests import people
from tests.cases.test_cases import make_case
from tests.conftest import NOON
from tests.mailserver import Desk, serving
from tests.messages import LANGUAGES

pytestmark = pytest.mark.django_db
TO = "someone@mail-box.example"
MAIL = Rules(channel="mail", to=TO, from_hour=0, to_hour=0)
TRUE_WORDS = ("returned", "gone", "question", "message")


@pytest.fixture
def case(inside: Any, now: datetime) -> Case:
    return make_case(inside).case


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "post@plain.example")
    with serving(monkeypatch) as desk:
        yield desk


def back(case: Case, episode: int = 2, finding: uuid.UUID | None = None) -> uuid.UUID:
    finding = finding or uuid.uuid4()
    events.record(case, "finding.reappeared", "engine", subject=finding, now=clock.now(), episode=episode, reason="x")
    return finding


def deliver() -> None:
    for row in Outbox.objects.filter(state="ready"):
        outbox.send(organisation=row.organisation_id, outbox=row.pk)


def test_by_default_nothing_goes_out(case: Case, desk: Desk) -> None:
    back(case)
    messages.write(case, from_survivor=False, author="caseworker:1", text="There is news.", now=NOON)
    events.record(case, "match.asked", "caseworker:1", subject=uuid.uuid4(), now=NOON)
    deliver()
    assert desk.got == [] and Outbox.objects.count() == 0
    assert {row.state for row in Telling.objects.all()} == {"here"}
    assert [row.occasion for row in telling.seen(case, NOON)] == ["returned", "message", "question"]
    assert telling.seen(case, NOON) == []


def test_a_return_is_told_once_in_her_words_and_nothing_else(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, replace(MAIL, words="own", own="Plants to water"), "survivor", NOON)
    finding = back(case)
    back(case, finding=finding)  # said again by the crawl
    deliver()
    [(sender, recipient, data)] = desk.got
    [mail] = desk.messages()
    assert re.fullmatch(r"post\+n-[a-z2-7]{26}\.[a-z2-7]{16}@plain\.example", sender) and recipient == TO
    assert mail["Subject"] == "Plants to water" and mail.get_content().strip() == "Plants to water"
    assert mail["From"] == "post@plain.example" and not mail.is_multipart()
    assert set(mail.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
                                "Content-Transfer-Encoding"}  # fmt: skip
    for word in (b"helpline", b"fface", b"http", case.reference.encode(), *(one.encode() for one in TRUE_WORDS)):
        assert word not in data, word
    assert Telling.objects.get().state == "sent"
    with clock.fixed(NOON + timedelta(days=3)):
        back(case, 3, finding)
        deliver()
    assert len(desk.got) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_come_in_her_language(case: Case, desk: Desk, language: str) -> None:
    Case.objects.filter(pk=case.pk).update(language=language)
    with override(language):
        reminder = gettext("Reminder")
    case.refresh_from_db()
    reaching.set_rules(case, MAIL, "survivor", NOON)
    back(case)
    deliver()
    assert [mail["Subject"] for mail in desk.messages()] == [reminder] and reminder != "Reminder"
    assert [mail.get_content().strip() for mail in desk.messages()] == [reminder]


@pytest.mark.parametrize("answer", ["drop", "550 5.1.1 nobody of that name"])
def test_what_did_not_arrive_is_not_sent_again_and_a_worker_knows(
    case: Case, desk: Desk, organisation: Any, answer: str
) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    desk.data = answer
    back(case)
    deliver()
    desk.data = ""
    with clock.fixed(NOON + timedelta(days=2)):
        deliver()
    assert len(desk.got) == (1 if answer == "drop" else 0)  # taken, and the line broke before the word of it came
    assert Telling.objects.get().state == "failed"
    lead = people.signed_in(people.worker(organisation, "lead"))
    assert TO not in lead.get("/console/queue/").content.decode()
    page = lead.get(f"/console/cases/{case.pk}/").content.decode()
    assert "did not reach her" in page and TO not in page
    assert [row.occasion for row in telling.seen(case, NOON)] == ["returned"]


def test_many_pieces_of_news_are_one_mail(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    for _number in range(5):
        events.record(case, "match.asked", "caseworker:1", subject=uuid.uuid4(), now=NOON)
    deliver()
    events.record(case, "match.asked", "caseworker:1", subject=uuid.uuid4(), now=NOON)
    deliver()
    assert len(desk.got) == 1 and Outbox.objects.filter(state="ready").count() == 1
    with clock.fixed(NOON + timedelta(hours=24)):
        deliver()
    assert len(desk.got) == 2


def test_outside_of_her_hours_it_waits(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, replace(MAIL, from_hour=18, to_hour=20, zone="Europe/Madrid"), "survivor", NOON)
    back(case)
    deliver()
    assert desk.got == []  # 13:00 in Madrid
    with clock.fixed(datetime(2026, 3, 2, 16, 59, tzinfo=UTC)):
        deliver()
    assert desk.got == []
    with clock.fixed(datetime(2026, 3, 2, 17, 0, tzinfo=UTC)):
        deliver()
    assert len(desk.got) == 1


@pytest.mark.parametrize("change", ["portal", "other", "seen", "closed", "erased", "nothing"])
def test_what_waits_goes_by_the_rules_as_they_are_when_it_leaves(case: Case, desk: Desk, change: str) -> None:
    reaching.set_rules(case, replace(MAIL, from_hour=18, to_hour=20), "survivor", NOON)
    back(case)
    later = NOON + timedelta(hours=7)
    if change == "portal":
        reaching.set_rules(case, Rules(), "survivor", NOON)
    elif change == "other":
        reaching.set_rules(case, replace(MAIL, to="other@mail-box.example"), "survivor", NOON)
    elif change == "seen":
        telling.seen(case, NOON)
    elif change == "closed":
        consents.close(case, "lead:1", NOON)
    elif change == "erased":
        erasing.erase(case, "lead:1", NOON)
    else:
        reaching.set_rules(case, replace(reaching.rules(case), told="nothing"), "survivor", NOON)
    with clock.fixed(later):
        deliver()
    assert [to for _, to, _ in desk.got] == (["other@mail-box.example"] if change == "other" else [])


def test_paused_waits_and_goes_on(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    back(case)
    consents.stop(case, "survivor", NOON)
    deliver()
    assert desk.got == []
    consents.resume(case, "survivor", NOON)
    deliver()
    assert len(desk.got) == 1


def test_a_return_while_everything_was_paused_is_told_when_it_goes_on(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    consents.stop(case, "survivor", NOON)
    back(case)
    deliver()
    assert desk.got == []
    consents.resume(case, "survivor", NOON)
    deliver()
    assert len(desk.got) == 1


@pytest.mark.parametrize("held", [
    {"channel": "mail"}, {"channel": "mail", "to": "no address"}, {"channel": "pigeon", "to": TO}, {"channel": 7},
    {"channel": "mail", "to": TO, "zone": "Moon/Base"}, {"channel": "mail", "to": TO, "days": []},
    {"channel": "mail", "to": TO, "days": 3}, {"channel": "mail", "to": TO, "words": "own", "own": "Your case"},
    {"channel": "mail", "to": TO, "from_hour": "x"}, "Write to <someone@mail-box.example>", 5, [],
])  # fmt: skip
def test_rules_that_cannot_be_read_let_nothing_out(case: Case, desk: Desk, held: Any) -> None:
    case.safe_contact = held
    case.save(update_fields=["safe_contact"])
    assert reaching.way(case, NOON) == reaching.HERE
    back(case)
    deliver()
    assert desk.got == []


def test_without_a_quiet_sender_there_is_no_mail(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_QUIET_MAIL_FROM", "")
    monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "reply.helpline.example")
    with pytest.raises(NotReachable, match="No e-mail can be sent"):
        reaching.set_rules(case, MAIL, "survivor", NOON)


@pytest.mark.parametrize("words", [
    "", "x" * 61, "two\nlines", "Your case", "News of the pictures", "Deine Fotos", "Sobre tus imágenes",
    "See http://example.org", "go to plain.example", "1234567", "code abcd-efgh-2345-6789", "Example Helpline",
    "sextortion", "The police rang", "Vos photos intimes", "Un mot de la police", "Une image retirée", "Fotos suas",
    "Ajuda para você", "A imagem foi apagada", "Notícias da polícia",
    "sextortion", "The police rang", "Twoje zdjęcia", "Ktoś cię szantażuje", "Usunięto coś", "Ваші фото",
    "Видалено сторінку", "Лист із поліції",
])  # fmt: skip
def test_words_that_tell_are_refused(case: Case, desk: Desk, words: str) -> None:
    with pytest.raises(NotReachable):
        reaching.check(case, replace(MAIL, words="own", own=words))


@pytest.mark.parametrize("words", ["Kwiaty do podlania", "Sprawdź kalendarz", "Полити квіти", "Як справи у бабусі"])
def test_words_that_say_nothing_are_taken(case: Case, desk: Desk, words: str) -> None:
    reaching.check(case, replace(MAIL, words="own", own=words))


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_our_own_words_say_nothing_in_any_language(case: Case, desk: Desk, language: str) -> None:
    with override(language):
        offered = [str(words) for _key, words in reaching.NEUTRAL]
        assert len(offered) >= 3 and [one for one in offered if reaching.telling(one, case)] == []


@pytest.mark.parametrize("told", ["everything", "gone", "nothing"])
def test_what_she_wants_to_hear_of(case: Case, desk: Desk, told: str) -> None:
    reaching.set_rules(case, Rules(told=told), "survivor", NOON)
    back(case)
    events.record(case, "finding.gone", "engine", subject=uuid.uuid4(), now=NOON, reason="x")
    events.record(case, "match.asked", "caseworker:1", subject=uuid.uuid4(), now=NOON)
    heard = {"everything": ["returned", "gone", "question"], "gone": ["returned", "gone"], "nothing": []}[told]
    assert [row.occasion for row in Telling.objects.order_by("pk")] == heard


def test_a_call_is_work_for_a_person_within_her_hours(case: Case) -> None:
    reaching.set_rules(
        case, Rules(channel="phone", to="+49 30 1234 567", from_hour=18, to_hour=20, reader="maybe"), "survivor", NOON
    )
    back(case)
    [row] = Telling.objects.all()
    assert (row.state, row.due) == ("hand", datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    telling.by_hand(row, "again", "caseworker:1", row.due)
    assert row.due == datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
    telling.by_hand(row, "reached", "caseworker:1", row.due)
    assert row.state == "sent"
    with pytest.raises(ValueError, match="settled"):
        telling.by_hand(row, "reached", "caseworker:1", NOON)


@pytest.mark.parametrize(("hours", "days", "at", "opens"), [
    ((9, 18), range(7), "2026-03-02T12:00", "2026-03-02T12:00"),
    ((9, 18), range(7), "2026-03-02T18:00", "2026-03-03T09:00"),
    ((22, 2), (4,), "2026-03-02T12:00", "2026-03-06T22:00"),
    ((22, 2), (4,), "2026-03-07T01:30", "2026-03-07T01:30"),
    ((22, 2), (4,), "2026-03-06T01:30", "2026-03-06T22:00"),
    ((0, 0), (6,), "2026-03-02T12:07", "2026-03-08T00:00"),
])  # fmt: skip
def test_hours(hours: tuple[int, int], days: Any, at: str, opens: str) -> None:
    held = Rules(from_hour=hours[0], to_hour=hours[1], days=tuple(days))
    found = reaching.next_open(held, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(opens).replace(tzinfo=UTC)


def test_hours_follow_the_clock_change() -> None:
    held = Rules(from_hour=9, to_hour=10, zone="Europe/Berlin")
    saturday, sunday = datetime(2026, 3, 28, 7, 0, tzinfo=UTC), datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert reaching.next_open(held, saturday) == datetime(2026, 3, 28, 8, 0, tzinfo=UTC)
    assert reaching.next_open(held, sunday) == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)


def test_the_rules_are_sealed_and_erased(case: Case, desk: Desk) -> None:
    reaching.set_rules(case, MAIL, "survivor", NOON)
    back(case)
    with connection.cursor() as cursor:
        cursor.execute("SELECT safe_contact FROM cases_case WHERE id = %s", [case.pk])
        assert TO.encode() not in bytes(cursor.fetchone()[0])
    erasing.erase(case, "lead:1", NOON)
    fresh = Case.objects.get(pk=case.pk)
    assert reaching.rules(fresh) == Rules() and not Telling.objects.exists()


#: Modules that may hand something to the outside world, each with its own guard.
SENDERS = {"cases/telling.py": "to her", "takedown/sending.py": "notices", "engine/base/outbox.py": "itself",
           "engine/base/smtp.py": "itself", "takedown/channels/email/message.py": "notices",
           "evidence/referrals/signalling.py": "to leads"}  # fmt: skip
LEAVING = {"queue_message", "EmailMessage", "send_mail", "sendmail", "EmailMultiAlternatives"}
READING = {"safe_contact"}


def strangers(folder: Path, names: set[str], known: set[str]) -> list[str]:
    """Modules that use one of these names and are not known to."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        here = path.relative_to(folder).as_posix()
        if here in known or "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names}
        if used & names:
            found.append(here)
    return found


def test_nobody_else_sends_or_reads_where_she_is(tmp_path: Path) -> None:
    room = Path(efface.__file__).parent
    assert strangers(room, LEAVING, set(SENDERS)) == []
    # Her own export tells her what she said herself.
    readers = {"cases/reaching.py", "cases/models.py", "takedown/facts.py", "portal/export.py"}
    assert strangers(room, READING, readers) == []
    # The finder sees one that does.
    (tmp_path / "sly.py").write_text("from efface.engine.base import outbox\noutbox.queue_message(1)\n")
    (tmp_path / "sly2.py").write_text("to = case.safe_contact\n")
    assert strangers(tmp_path, LEAVING, set()) == ["sly.py"]
    assert strangers(tmp_path, READING, set()) == ["sly2.py"]


@pytest.mark.parametrize("broken", ["portal only", "hours", "address"])
def test_the_courier_asks_the_one_function(
    case: Case, desk: Desk, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Break what ``way`` answers: the mail that was queued before does not leave, or leaves against her rules."""
    reaching.set_rules(case, MAIL, "survivor", NOON)
    back(case)
    answers = {
        "portal only": reaching.HERE,
        "hours": reaching.Way("mail", TO, "Reminder", False, NOON + timedelta(hours=3)),
        "address": reaching.Way("mail", "else@mail-box.example", "Reminder", True, NOON),
    }
    monkeypatch.setattr(reaching, "way", lambda case, now: answers[broken])
    deliver()
    assert desk.got == []


def test_with_the_guard_taken_out_a_mail_leaves_against_her_rules(
    case: Case, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the question a mail does leave although she wants nothing sent: the tests above would see it."""
    monkeypatch.setattr(reaching, "way", lambda case, now: reaching.Way("mail", TO, "Reminder", True, now))
    back(case)
    deliver()
    assert len(desk.got) == 1
