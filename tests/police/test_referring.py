"""Signals, referrals, what investigators ask, and what ends by itself."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from efface.accounts import audit
from efface.accounts.models import Member
from efface.cases import ages, alarm, consents, duty, erasing, holds, intake, retention
from efface.cases.may import may
from efface.cases.models import Case, CaseEvent, Hold, Message
from efface.engine.base import age, deadlines, tenancy
from efface.engine.base.models import Outbox
from efface.evidence.models import InvestigatorKey, Pack, PoliceRequest, Referral, ReferralPack, Signal
from efface.evidence.referrals import desks, referring, room, signalling, tipline
from tests import people
from tests.conftest import role
from tests.police.conftest import order

pytestmark = pytest.mark.django_db


@pytest.fixture
def within(scene: Any) -> Any:
    with tenancy.organisation(scene.organisation.pk):
        yield scene


def fire(now: Any) -> int:
    with role("efface_engine"):
        return deadlines.fire(now)


class TestSignals:
    def test_danger_is_signalled_once_and_leads_are_told(self, within: Any, now: Any, monkeypatch: Any) -> None:
        monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "desk.example")
        alarm.raise_for(within.case, "survivor", now)
        alarm.raise_for(within.case, "survivor", now)
        assert [one.kind for one in Signal.objects.all()] == ["threat"]
        (mail,) = Outbox.objects.filter(kind="signal")
        assert mail.recipient == within.lead.email
        text = base64.b64decode(mail.message["data"]).decode()
        assert within.case.reference not in text and "threat" not in text.lower()

    def test_a_minor_and_an_assault_are_signalled(self, within: Any, now: Any) -> None:
        young = people.open_case(within.organisation, age="minor").case
        assert list(Signal.objects.filter(case=young).values_list("kind", flat=True)) == ["minor"]
        unknown = people.open_case(within.organisation, age="unknown").case
        ages.declare(unknown, "minor", "survivor", now)
        assert Signal.objects.filter(case=unknown, kind="minor").exists()
        asked = next(one for one in intake.INTAKE if one.name == "obtained")
        intake.keep(within.other, asked, "assault", "survivor", now)
        assert Signal.objects.filter(case=within.other, kind="assault").exists()

    def test_mail_is_dropped_once_somebody_has_it_in_hand(self, within: Any, now: Any, monkeypatch: Any) -> None:
        monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "desk.example")
        row = signalling.signal(within.case, "scene", "caseworker:x", now, "stairs of a station")
        assert row is not None
        mail = Outbox.objects.get(kind="signal")
        assert signalling.Courier().may(mail, now).word == "go"
        signalling.decide(row, "taken", "", "lead:x", now)
        assert signalling.Courier().may(mail, now).word == "drop"
        with pytest.raises(signalling.CannotSignal):
            signalling.decide(row, "not-so", "", "lead:x", now)

    def test_whose_shift_it_is_is_told(self, within: Any, now: Any, monkeypatch: Any) -> None:
        monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "desk.example")
        here = within.case.organisation
        other = people.worker(here, "lead")
        duty.add(Member.objects.get(user=other), now - timedelta(hours=1), now + timedelta(hours=4), now)
        signalling.signal(within.case, "scene", "caseworker:x", now)
        assert [one.recipient for one in Outbox.objects.filter(kind="signal")] == [other.email]

    def test_where_a_rota_names_nobody_all_leads_are_told(self, within: Any, now: Any, monkeypatch: Any) -> None:
        monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "desk.example")
        monkeypatch.setattr(signalling, "_on_duty", [lambda organisation, now: []])
        signalling.signal(within.case, "scene", "caseworker:x", now)
        assert Outbox.objects.filter(kind="signal").count() == 1


class TestDesks:
    def test_risks_and_desks_are_those_of_the_place(self, within: Any) -> None:
        within.case.country = "GB"
        found = desks.prepared(within.case, "DE")
        assert [place.id for place in found.places] == ["GB", "DE"] and found.risks and not found.hotlines
        assert any("residence" in who for _, who, _ in found.risks)

    def test_for_somebody_young_the_near_hotline_is_first(self, within: Any) -> None:
        within.case.country, within.case.age = "GB", "minor"
        assert desks.prepared(within.case).hotlines[0].id == "iwf"

    def test_an_unknown_place_says_so(self, within: Any) -> None:
        within.case.country = ""
        assert desks.prepared(within.case).unknown


class TestReferring:
    @pytest.mark.parametrize("more", [
        {"risks_told": False}, {"parts": ()}, {"days": 0}, {"days": 181}, {"ground": "whim"},
        {"ground": "statute", "statute": ""},
    ])  # fmt: skip
    def test_bad_forms_are_refused_in_words(self, within: Any, now: Any, more: Any) -> None:
        with pytest.raises(referring.CannotRefer, match=r"\w"):
            referring.refer(within.case, order(within.stranger, **more), "lead:x", now)

    def test_without_her_consent_only_a_lead_with_a_statute(self, within: Any, now: Any) -> None:
        with pytest.raises(referring.CannotRefer, match="agreed"):
            referring.refer(within.other, order(within.officer), "lead:x", now)
        given = order(within.officer, ground="statute", statute="§ 138 StGB")
        with pytest.raises(referring.CannotRefer, match="lead"):
            referring.refer(within.other, given, "caseworker:x", now)
        assert referring.refer(within.other, given, "lead:x", now).statute == "§ 138 StGB"

    def test_a_form_sent_twice_refers_once(self, within: Any, now: Any) -> None:
        given = order(within.stranger, once="abc")
        assert referring.refer(within.case, given, "lead:x", now) == referring.refer(within.case, given, "lead:x", now)
        with pytest.raises(referring.CannotRefer, match="already"):
            referring.refer(within.case, order(within.stranger, once="other"), "lead:x", now)

    def test_of_somebody_young_addresses_alone(self, within: Any, now: Any) -> None:
        young = people.open_case(within.organisation, age="minor").case
        given = order(within.officer, ground="statute", statute="x", parts=("name", "proof", "pages"))
        assert referring.refer(young, given, "lead:x", now).parts == ["pages"]

    def test_it_ends_by_itself(self, within: Any, now: Any) -> None:
        fire(within.referral.until - timedelta(seconds=1))
        within.referral.refresh_from_db()
        assert within.referral.ended_at is None
        fire(within.referral.until)
        within.referral.refresh_from_db()
        assert within.referral.ended_why == "time"

    def test_she_takes_it_back_and_is_told_what_they_have(self, within: Any, now: Any) -> None:
        kept = referring.refer(
            within.case, order(within.stranger, ground="statute", statute="§ 1 Example Act"), "lead:x", now
        )
        referring.seen(within.referral, "table", now)
        consents.withdraw(within.case, "police", "survivor", now)
        within.referral.refresh_from_db()
        kept.refresh_from_db()
        assert within.referral.ended_why == "her" and kept.ended_at is None
        text = Message.objects.get(case=within.case).text
        assert "took files" in text and "§ 1 Example Act" in text and "can read nothing" in text

    def test_views_are_links_of_the_chain(self, within: Any, now: Any) -> None:
        referring.seen(within.referral, "case", now)
        assert [one.action for one in referring.views(within.referral)] == ["referral.seen.case"]
        assert audit.verify(within.organisation.pk) == []


def ask(scene: Any, now: Any, kind: str = "hold", days: str = "3", **more: Any) -> PoliceRequest:
    return room.request(scene.referral, kind, days, "a house search is planned", now, **more)


class TestHolds:
    def test_a_hold_stops_notices_and_ends_by_itself(self, within: Any, now: Any) -> None:
        asked = ask(within, now)
        assert may(within.case, "notify", now)
        done = room.decide(asked, True, "", "lead:x", now)
        assert not may(within.case, "notify", now) and done.hold is not None
        assert "Officer One" in done.hold.owner and done.hold.ends == now + timedelta(days=3)
        fire(now + timedelta(days=3))
        assert may(within.case, "notify", now + timedelta(days=3))
        assert CaseEvent.objects.filter(case=within.case, kind="hold.ended").count() == 1
        asked.refresh_from_db()
        assert asked.state == "ended"
        fire(now + timedelta(days=4))
        assert CaseEvent.objects.filter(case=within.case, kind="hold.ended").count() == 1

    def test_killed_in_the_middle_of_its_end_it_ends_once(self, within: Any, now: Any, monkeypatch: Any) -> None:
        room.decide(ask(within, now), True, "", "lead:x", now)
        real = room._request_over

        def killed(*_: Any) -> None:
            raise SystemError("killed")

        monkeypatch.setattr(room, "_request_over", killed)
        fire(now + timedelta(days=3))
        assert not CaseEvent.objects.filter(kind="hold.ended").exists()
        assert may(within.case, "notify", now + timedelta(days=3)), "it ended all the same: its end is a fact"
        monkeypatch.setattr(room, "_request_over", real)
        fire(now + timedelta(days=3, minutes=5))
        assert CaseEvent.objects.filter(kind="hold.ended").count() == 1

    def test_longer_once_a_lead_says_so(self, within: Any, now: Any) -> None:
        room.decide(ask(within, now), True, "", "lead:x", now)
        longer = ask(within, now, "extend", "5")
        with pytest.raises(room.CannotAsk, match="lead"):
            room.decide(longer, True, "", "caseworker:x", now)
        room.decide(longer, True, "", "lead:x", now)
        assert Hold.objects.get().ends == now + timedelta(days=8)
        fire(now + timedelta(days=3))
        assert not may(within.case, "notify", now + timedelta(days=4))

    def test_an_extension_of_what_is_over_is_refused(self, within: Any, now: Any) -> None:
        with pytest.raises(room.CannotAsk, match="No hold"):
            ask(within, now, "extend")
        hold = holds.place(within.case, reason="x", owner="y", ends=now + timedelta(1), actor="lead:x", now=now)
        with pytest.raises(holds.CannotHold):
            holds.extend(hold, now + timedelta(200), "lead:x", now)
        holds.lift(hold, "lead:x", now)
        with pytest.raises(holds.CannotHold):
            holds.extend(hold, now + timedelta(2), "lead:x", now)

    def test_twice_is_once_and_no_is_a_word(self, within: Any, now: Any) -> None:
        asked = ask(within, now, once="f")
        assert ask(within, now, once="f") == asked
        with pytest.raises(room.CannotAsk, match="why not"):
            room.decide(asked, False, " ", "lead:x", now)
        room.decide(asked, False, "she would be in danger", "lead:x", now)
        with pytest.raises(room.CannotAsk, match="already"):
            room.decide(asked, True, "", "lead:x", now)
        assert not Hold.objects.exists()

    @pytest.mark.parametrize("days", ["0", "31", "-1", "", "½", "x" * 400])
    def test_days_that_are_none(self, within: Any, now: Any, days: str) -> None:
        with pytest.raises(room.CannotAsk, match="days"):
            ask(within, now, days=days)

    def test_what_is_kept_is_kept_until_then(self, within: Any, now: Any) -> None:
        asked = ask(within, now, "preserve", "20")
        assert room.preserved_until(within.case.pk, now) is None
        room.decide(asked, True, "", "lead:x", now)
        assert room.preserved_until(within.case.pk, now) == now + timedelta(days=20)
        assert retention.kept_until(within.case.pk, now) == now + timedelta(days=20)
        fire(now + timedelta(days=20))
        assert room.preserved_until(within.case.pk, now + timedelta(days=20)) is None
        asked.refresh_from_db()
        assert asked.state == "ended"

    def test_what_is_kept_for_them_is_not_deleted_by_age(self, within: Any, now: Any) -> None:
        """A closed case under a preservation stays past its 90 days, and goes the moment that ends."""
        days = lambda n: now + timedelta(days=n)  # noqa: E731
        asked = ask(within, now, "preserve", "180")
        room.decide(asked, True, "", "lead:x", now)
        consents.close(within.case, "lead:x", now)
        for day in (90, 120, 179):
            fire(days(day))
            assert Case.objects.get(pk=within.case.pk).state == "closed", day
        fire(days(180)), fire(days(180))
        assert Case.objects.get(pk=within.case.pk).state == "erased"

    def test_a_pack_under_a_hold_stays_and_goes_with_it(self, within: Any, now: Any) -> None:
        room.give_key(within.organisation.pk, within.officer.pk, age.new_identity()[1], False, now)
        consents.give(within.other, "police", "survivor", now)
        row = referring.refer(within.other, order(within.officer, days=90), "lead:x", now)
        pack = referring.pack(row, "lead:x", now)
        hold = holds.place(within.other, reason="x", owner="y", ends=now + timedelta(days=30), actor="lead:x",
                           now=now)  # fmt: skip
        fire(now + timedelta(days=14))
        pack.refresh_from_db()
        assert pack.state != "ended" and pack.until == hold.ends
        fire(now + timedelta(days=30)), fire(now + timedelta(days=30))
        pack.refresh_from_db()
        assert pack.state == "ended"

    def test_her_own_word_ends_it(self, within: Any, now: Any) -> None:
        room.decide(ask(within, now, "preserve", "20"), True, "", "lead:x", now)
        erasing.erase(within.case, "survivor", now)
        assert retention.kept_until(within.case.pk, now) is None
        assert Case.objects.get(pk=within.case.pk).state == "erased"
        assert PoliceRequest.objects.get().state == "ended"

    def test_after_their_time_nothing_is_asked(self, within: Any, now: Any) -> None:
        with pytest.raises(room.CannotAsk, match="ended"):
            ask(within, within.referral.until)
        with pytest.raises(room.CannotAsk, match="ended"):
            room.ask(within.referral, "late", within.referral.until)


class TestKeys:
    def test_a_lost_key_has_packs_sealed_anew_by_a_lead(self, within: Any, now: Any) -> None:
        secret, first = age.new_identity()
        assert secret
        with pytest.raises(referring.CannotRefer, match="key"):
            referring.pack(within.referral, "lead:x", now)
        give = lambda key, lost=False: room.give_key(within.organisation.pk, within.officer.pk, key, lost, now)  # noqa: E731
        give(first)
        old = referring.pack(within.referral, "lead:x", now)
        assert old.key == first
        second = age.new_identity()[1]
        give(second, True)
        assert InvestigatorKey.objects.get(ended_at=None).key == second
        assert InvestigatorKey.objects.get(key=first).ended_why == "lost"
        asked = PoliceRequest.objects.get(kind="reseal")
        room.decide(asked, True, "", "lead:x", now)
        old.refresh_from_db()
        new = Pack.objects.exclude(pk=old.pk).get()
        assert old.state == "ended" and new.key == second and new.of_id == old.pk
        assert ReferralPack.objects.filter(pack=new, referral=within.referral).exists()

    @pytest.mark.parametrize("text", ["", "age1", "AGE-SECRET-KEY-1ABC", "age1" + "q" * 58])
    def test_a_key_that_is_none(self, within: Any, now: Any, text: str) -> None:
        with pytest.raises(age.KeyUnusable):
            room.give_key(within.organisation.pk, within.officer.pk, text, False, now)

    def test_what_lies_here_goes_when_it_ends(self, within: Any, now: Any) -> None:
        room.give_key(within.organisation.pk, within.officer.pk, age.new_identity()[1], False, now)
        pack = referring.pack(within.referral, "lead:x", now)
        referring.end(within.referral, Referral.Why.LEAD, "lead:x", now)
        pack.refresh_from_db()
        assert pack.state == "ended"


def test_the_draft_has_the_shape_of_the_schema(now: Any) -> None:
    """Names, order and attributes as NCMEC documents them in public; never tried against the service itself."""
    urls = ["https://a.example/?a=1&b=<2>", "https://b.example/", "https://long.example/" + "x" * 2083]
    draft = tipline.Draft(now, urls, "Desk", "desk@desk.example", "AB12", True, "Danger.")
    root = ElementTree.fromstring(tipline.as_xml(draft))
    assert [one.tag for one in root] == ["incidentSummary", "internetDetails", "reporter", "additionalInfo"]
    assert [one.tag for one in root[0]] == [
        "incidentType", "escalateToHighPriority", "reportAnnotations", "incidentDateTime", "incidentDateTimeDescription"
    ]  # fmt: skip
    (page,) = root.findall("internetDetails/webPageIncident")
    assert page.attrib == {"thirdPartyHostedContent": "true"}
    assert [one.text for one in page.findall("url")] == urls[:2] and page.find("thirdPartyHostedContent") is None
    assert "1 more addresses are too long" in str(root.findtext("additionalInfo"))
    assert root.find("incidentSummary/reportAnnotations/sextortion") is not None
    assert root.findtext("incidentSummary/incidentDateTime") == "2026-03-02T12:00:00+00:00"
    assert json.loads(tipline.as_json(draft))["report"]["reporter"]["reportingPerson"]["email"] == "desk@desk.example"
    plain = ElementTree.fromstring(tipline.as_xml(tipline.Draft(now, urls, "Desk", "d@d.example", "AB12")))
    assert plain.find("incidentSummary/reportAnnotations") is None


def test_the_draft_is_sent_by_nothing_here() -> None:
    """No channel, no job and no address of the service stands anywhere but in the law's list of desks."""
    root = Path(referring.__file__).parents[2]
    found = [one for one in root.rglob("*.py") if "cybertip.org" in one.read_text(encoding="utf-8")]
    assert found == [Path(tipline.__file__)], "and there it is the name of a schema"
