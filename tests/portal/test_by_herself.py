"""Opening a case without a worker, keeping and losing the code, answering, ticking, and an ended session."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import Organisation
from efface.cases import consents, knowing
from efface.cases.models import Case, CaseFact, Draft, Hold, Message
from efface.engine.base import tenancy
from efface.engine.base.models import Bucket
from efface.portal import carrying, keeping, lanes, limiting
from tests import people
from tests.conftest import NOON, make_organisation, role

pytestmark = pytest.mark.django_db
SECRET = re.compile(r'data-fact="access-code">([a-z0-9-]+)<')


def press_begin(client: Client, **more: Any) -> Any:
    page = client.get("/begin/").content.decode()
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    return client.post("/begin/", {"ticket": found[1] if found else "x"}, **more)


def opened(client: Client) -> str:
    """Opens a case, types the code back, and goes on without a recovery word."""
    assert press_begin(client).headers["Location"] == "/case/code/"
    found = SECRET.search(client.get("/case/code/").content.decode())
    assert found
    assert client.post("/case/code/", {"typed": found[1]}).headers["Location"] == "/case/code/word/"
    return found[1]


def test_a_house_that_does_not_open_says_whom_to_call(organisation: Any, now: Any) -> None:
    client = Client()
    assert b"together with a worker" in client.get("/begin/").content
    assert b"/begin/" not in client.get("/").content
    assert client.post("/begin/", {"ticket": "t"}).status_code == 403
    with tenancy.organisation(organisation.pk):
        assert Case.objects.count() == 0


def test_she_opens_a_case_and_gets_in_again_with_its_code(house: Any, now: Any) -> None:
    client = Client()
    code = opened(client)
    assert client.get("/case/code/").headers["Location"] == "/case/", "it is shown no more"
    assert code not in client.get("/case/").content.decode()
    with tenancy.organisation(house.pk):
        case = Case.objects.get()
        assert (case.by_herself, case.level, case.age, case.worker_id) == (True, "declared", "unknown", None)
    assert people.entered(code).get("/case/").status_code == 200


def test_nothing_goes_on_before_the_code_is_typed_back(house: Any, now: Any) -> None:
    client = Client()
    press_begin(client)
    for path in ("/case/", "/case/messages/", "/case/steps/safe_now/", "/case/code/word/"):
        assert client.get(path).headers["Location"] == "/case/code/", path
    found = SECRET.search(client.get("/case/code/").content.decode())
    assert found
    code = found[1]
    wrong = code[:5] + "zzzz" + code[9:]
    answer = client.post("/case/code/", {"typed": wrong})
    assert answer.status_code == 422 and b"group 2 again" in answer.content and code.encode() in answer.content
    assert client.post("/case/code/", {"typed": "\x00" * 500}).status_code == 422
    assert client.post("/case/code/", {"typed": code.upper().replace("-", "")}).status_code == 302


def test_the_code_waits_sealed_in_the_session(house: Any, now: Any) -> None:
    client = Client()
    press_begin(client)
    held = client.session[keeping.NEW]
    found = SECRET.search(client.get("/case/code/").content.decode())
    assert found and found[1] not in held and found[1].replace("-", "") not in held


@pytest.mark.parametrize(("typed", "groups"), [
    ("aaaa-bbbb-cccc-dddd", []), ("aaaa bbbb cccc ddd", [4]), ("", [1, 2, 3, 4]), ("xaaa-bbbb-cccc-dddy", [1, 4]),
])  # fmt: skip
def test_which_group_is_wrong(typed: str, groups: list[int]) -> None:
    assert keeping.wrong_groups(typed, "aaaa-bbbb-cccc-dddd") == groups


def test_a_form_opens_one_case(house: Any, now: Any) -> None:
    page = Client().get("/begin/").content.decode()
    ticket = (re.search(r'name="ticket" value="([^"]+)"', page) or [""])[1]
    assert Client().post("/begin/", {"ticket": ticket}).status_code == 302
    assert Client().post("/begin/", {"ticket": ticket}).status_code == 422
    assert Client().post("/begin/", {}).status_code == 422
    with tenancy.organisation(house.pk):
        assert Case.objects.count() == 1


def test_openings_are_limited_by_address_and_in_all(house: Any, now: Any, monkeypatch: Any) -> None:
    for _ in range(limiting.OPEN.size):
        assert press_begin(Client(REMOTE_ADDR="10.0.0.1")).status_code == 302
    answer = press_begin(Client(REMOTE_ADDR="10.0.0.1"))
    assert answer.status_code == 429 and b"helplines are there" in answer.content
    assert press_begin(Client(REMOTE_ADDR="10.0.0.2")).status_code == 302
    monkeypatch.setattr(limiting, "OPEN_ALL", limiting.Limit("open-all", size=5, refill_s=60))
    assert press_begin(Client(REMOTE_ADDR="10.0.0.3")).status_code == 429


def test_one_household_is_one_address_of_the_new_internet() -> None:
    class Request:
        META = {"REMOTE_ADDR": "2001:db8:1:2:aaaa:bbbb:cccc:dddd"}

    assert limiting.address(Request()) == "2001:db8:1:2"


def test_a_flood_of_wrong_codes_shuts_no_honest_person_out(house: Any, now: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(limiting, "FLOOD", limiting.Limit("enter-wrong", size=8, refill_s=2))
    code = opened(Client())
    for number in range(6):
        Client(REMOTE_ADDR=f"10.0.9.{number}").post("/enter/", {"code": "aaaa-bbbb-cccc-dddd"})
    attacker = Client(REMOTE_ADDR="10.0.9.99")
    tries = [attacker.post("/enter/", {"code": "aaaa-bbbb-cccc-dddd"}).status_code for _ in range(6)]
    assert tries == [422, 422, 422, 429, 429, 429], "under pressure three are free, not ten"
    assert Client(REMOTE_ADDR="10.0.7.1").post("/enter/", {"code": code}).status_code == 302


def test_each_organisation_has_its_own_host_name(house: Any, now: Any, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    other = make_organisation("Another Helpline")
    assert b"together with a worker" in Client().get("/begin/").content, "two houses, and no name says which"
    with role("efface_owner"):
        Organisation.objects.filter(pk=other.pk).update(opens_herself=True, portal_host="other.example")
    client = Client(headers={"host": "other.example"})
    assert press_begin(client).status_code == 302
    with tenancy.organisation(other.pk):
        assert Case.objects.count() == 1
    with tenancy.organisation(house.pk):
        assert Case.objects.count() == 0


def test_a_lost_code_is_replaced_by_number_and_word(house: Any, now: Any) -> None:
    client = Client()
    code = opened(client)
    assert client.post("/case/code/word/", {"word": "short"}).status_code == 422
    assert client.post("/case/code/word/", {"word": "a blue kettle sings"}).headers["Location"] == "/case/steps/"
    with tenancy.organisation(house.pk):
        number = Case.objects.get().reference
    lost = Client(REMOTE_ADDR="10.4.4.4")
    assert lost.post("/back/", {"number": number, "word": "a red kettle"}).status_code == 422
    assert lost.post("/back/", {"number": number, "word": "a blue kettle sings"}).headers["Location"] == "/case/code/"
    assert client.get("/case/").headers["Location"] == "/enter/", "whoever was in with the old code is out"
    assert Client().post("/enter/", {"code": code}).status_code == 422
    answers = [
        Client(REMOTE_ADDR=f"10.4.5.{n}").post("/back/", {"number": number, "word": "x" * 9}).status_code
        for n in range(limiting.RECOVER[0].size + 1)
    ]
    assert answers[-1] == 429, "one case can be guessed at from nowhere"


class Guesser:
    """Tries words for a case, each time as soon as it is let, from as many addresses as it takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, spread: bool) -> None:
        self.seconds, self.spread, self.tries = 0.0, spread, 0
        monkeypatch.setattr(limiting.clock, "wall", lambda: NOON + timedelta(seconds=self.seconds))

    def once(self, number: str, word: str = "a red kettle") -> Any:
        self.tries += 1
        from_where = f"10.7.{self.tries // 200}.{self.tries % 200}" if self.spread else "10.6.6.6"
        return Client(REMOTE_ADDR=from_where).post("/back/", {"number": number, "word": word})

    def waits(self, number: str, wrong: int) -> list[int]:
        """Minutes waited before each of so many wrong words was compared."""
        waited = []
        for _ in range(wrong):
            begun = self.seconds
            while self.once(number).status_code == 429:
                self.seconds += 60
            waited.append(round((self.seconds - begun) / 60))
        return waited


def test_guessing_a_word_waits_longer_each_time_wherever_it_comes_from(
    house: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    her = Client()
    opened(her)
    her.post("/case/code/word/", {"word": "a blue kettle sings"})
    with tenancy.organisation(house.pk):
        number = Case.objects.get().reference
    guesser = Guesser(monkeypatch, spread=True)
    waited = guesser.waits(number, 8)
    assert waited[:3] == [0, 0, 0] and waited[3] == 15 and waited[-1] >= 200, waited
    assert sum(waited) > 5 * 60, "eight wrong words take most of a day"
    written = [number.lower(), number.replace("-", ""), " ".join(number), number.replace("-", "–")]
    assert {guesser.once(one).status_code for one in written} == {429}, "however the number is written"
    said = guesser.once(number).content.decode()
    assert "hours and try again" in said
    assert "10.7." not in str(list(Bucket.objects.values_list("key", flat=True)))
    other = Client(REMOTE_ADDR="10.8.8.8").post("/back/", {"number": "AAAA-BBBB", "word": "a red kettle"})
    assert other.status_code == 422, "another case is not kept waiting"
    guesser.seconds += 4 * 3600 + 60
    assert guesser.once(number, "a blue kettle sings").status_code == 302, "hers still opens after the wait"


def test_one_address_cannot_go_through_many_cases(now: Any, house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    guesser = Guesser(monkeypatch, spread=False)
    answers = [guesser.once(f"AAAA-{n:04}").status_code for n in range(8)]
    assert answers == [422] * limiting.RECOVER_FROM[0].size + [429] * 2


def test_the_waits_are_said_before_a_word_is_set(house: Any, now: Any) -> None:
    her = Client()
    opened(her)
    assert "four hours" in her.get("/case/code/word/").content.decode()
    assert "each four hours" in Client().get("/back/").content.decode()
    assert (limiting.RECOVER[0].size, limiting.RECOVER[0].refill_s, limiting.RECOVER[1].refill_s) == (3, 900, 14_400)


def test_answers_are_kept_one_by_one_back_and_forward(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    assert client.get("/case/steps/").headers["Location"] == "/case/steps/safe_now/"
    assert client.post("/case/steps/safe_now/", {}).status_code == 422
    assert client.post("/case/steps/safe_now/", {"value": "yes"}).headers["Location"] == "/case/steps/country/"
    assert client.post("/case/steps/country/", {"leave": "yes"}).headers["Location"] == "/case/steps/device/"
    page = client.get("/case/steps/device/").content.decode()
    assert 'href="/case/steps/country/"' in page and "One question back" in page
    assert "checked" in client.get("/case/steps/safe_now/").content.decode()
    assert client.get("/case/steps/young_now/").status_code == 404, "not asked of her"
    assert client.get("/case/steps/").headers["Location"] == "/case/steps/device/", "she goes on where she was"
    answer = client.post("/case/steps/device/", {"value": "feared"}, follow=True).content
    assert b"Do not keep the code on this one" in answer


@pytest.mark.parametrize(("country", "number"), [("NL", "0800-0113"), ("", "116 016")])
def test_danger_shows_local_help_at_once(house: Any, now: Any, country: str, number: str) -> None:
    client = Client()
    opened(client)
    if country:
        client.post("/case/steps/country/", {"value": country})
    assert b'id="aid"' not in client.get("/case/").content
    page = client.post("/case/steps/safe_now/", {"value": "self_harm"}, follow=True).content.decode()
    assert 'id="aid"' in page and number in page
    for path in ("/case/", "/case/messages/"):
        assert number in client.get(path).content.decode()


def test_words_of_danger_in_a_message_show_help_too(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    page = client.post("/case/messages/write/", {"text": "I want to die"}, follow=True).content
    assert b'id="aid"' in page


def test_steps_are_ticked_and_stay_when_the_lane_changes(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    client.post("/case/steps/demand/", {"value": "money"})
    assert client.post("/case/steps/done/", {"done": "keep_evidence"}).headers["Location"] == "/case/#s-keep_evidence"
    assert client.post("/case/steps/done/", {"done": "nothing"}).status_code == 404
    page = client.get("/case/").content.decode()
    assert 'data-lane="sextortion"' in page and 'data-step="keep_evidence" data-done="yes"' in page
    client.post("/case/steps/kind/", {"kind": "synthetic"})
    page = client.get("/case/").content.decode()
    assert 'data-lane="synthetic"' in page and 'data-step="keep_evidence" data-done="yes"' in page
    client.post("/case/steps/done/", {"undone": "keep_evidence"})
    assert 'data-step="keep_evidence" data-done' not in client.get("/case/").content.decode()


@pytest.mark.parametrize("lane", sorted(lanes.LANES))
def test_each_lane_says_now_later_and_meanwhile(lane: str) -> None:
    one = lanes.LANES[lane]
    assert len(one.parts) >= 2 and len(one.meanwhile) >= 2 and all(part.steps for part in one.parts)
    words = " ".join(str(step.words) + str(step.more) for part in one.parts for step in part.steps).lower()
    words += f" {one.opening} {one.warn}".lower()
    for never in ("why did", "should have", "promise", "guarantee", "always works", "your fault that"):
        assert never not in words, never


def test_sextortion_says_what_the_first_hour_needs() -> None:
    names = [step.name for part in lanes.LANES["sextortion"].parts for step in part.steps]
    assert names[:3] == ["stop_contact", "no_pay", "keep_evidence"] and {"hash_list", "lock_accounts"} <= set(names)


def test_a_hold_so_that_proof_is_not_lost(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    client.post("/case/steps/obtained/", {"value": "assault"})
    client.post("/case/steps/hold/", {"choice": "place"})
    client.post("/case/steps/hold/", {"choice": "place"})
    with tenancy.organisation(house.pk):
        assert Hold.objects.filter(lifted_at=None).count() == 1
    assert b'data-fact="holding"' in client.get("/case/").content
    client.post("/case/steps/hold/", {"choice": "lift"})
    with tenancy.organisation(house.pk):
        assert not Hold.objects.filter(lifted_at=None).exists()


def test_a_minor_meets_no_field_for_a_file_anywhere(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    assert b'type="file"' in client.get("/case/pictures/").content, "the test can see one"
    client.post("/case/steps/age/", {"value": "minor"})
    for path in ("", "messages/", "allow/", "pictures/", "me/", "questions/", "lists/", "access/", "typed/",
                 "steps/?all=1", "timeline/"):  # fmt: skip
        answer = client.get(f"/case/{path}")
        assert answer.status_code == 200 and b'type="file"' not in answer.content, path
    assert b"Take It Down" in client.get("/case/").content
    answer = client.post("/case/steps/age/", {"value": "adult"})
    assert answer.status_code == 422 and b"Under 18 was said before" in answer.content


def test_what_was_typed_into_an_ended_session_is_offered_again(house: Any, now: Any) -> None:
    client = Client()
    code = opened(client)
    client.session.flush()
    late = Client()
    text = "A long message <script>alert(1)</script> nobody wants to write twice"
    answer = late.post("/case/messages/write/", {"text": text})
    assert answer.status_code == 403 and b"is not lost" in answer.content
    page = answer.content.decode()
    assert "nobody wants" not in page, "it travels sealed"
    carried = (re.search(r'name="carried" value="([^"]+)"', page) or [""])[1]
    wrong = late.post("/enter/", {"code": "aaaa-bbbb-cccc-dddd", "carried": carried})
    assert carried in wrong.content.decode(), "a mistyped code loses nothing either"
    assert late.post("/enter/", {"code": code, "carried": carried}).headers["Location"] == "/case/typed/"
    page = late.get("/case/typed/").content.decode()
    assert "nobody wants to write twice" in page and "<script>alert" not in page
    late.post("/case/messages/write/", {"text": text})
    with tenancy.organisation(house.pk):
        assert Message.objects.count() == 1 and Draft.objects.count() == 0, "sent: no draft any more"


def test_what_was_kept_while_she_typed_is_offered_with_the_next_code(house: Any, now: Any) -> None:
    client = Client()
    code = opened(client)
    client.post("/case/typed/keep/", {"path": "/case/messages/write/", "text": "half"})
    again = Client()
    assert again.post("/enter/", {"code": code}).headers["Location"] == "/case/typed/"
    again.post("/case/typed/drop/", {"path": "/case/messages/write/"})
    assert Client().post("/enter/", {"code": code}).headers["Location"] == "/case/"


def test_what_is_carried_cannot_be_made_or_kept(now: Any) -> None:
    from datetime import timedelta

    made = carrying.pack("/case/messages/write/", {"text": "x", "csrfmiddlewaretoken": "t", "code": "c"}, NOON)
    found = carrying.unpack(made, NOON)
    assert found is not None and found.fields == {"text": "x"}
    assert carrying.unpack(made, NOON + carrying.LASTS + timedelta(seconds=1)) is None
    assert carrying.unpack(made[:-6] + "AAAAA=", NOON) is None
    for nonsense in ("", "%%%", "AAAA", "x" * 70_000, "ÄÖ"):
        assert carrying.unpack(nonsense, NOON) is None
    assert carrying.pack("/console/x/", {"text": "x"}, NOON) == "" and carrying.pack("/case/x/", {}, NOON) == ""


def test_drafts_of_foreign_forms_are_not_offered(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    assert client.post("/case/typed/keep/", {"path": "//evil.example/", "text": "x"}).status_code == 204
    assert client.post("/case/typed/keep/", {"path": "/console/queue/", "text": "x"}).status_code == 204
    client.post("/case/typed/keep/", {"path": "/case/messages/write/", "text": "half"})
    page = client.get("/case/typed/").content.decode()
    assert "evil" not in page and "console" not in page and "half" in page
    client.post("/case/typed/keep/", {"path": "/case/messages/write/", "text": " "})
    assert b"Nothing is left unsent" in client.get("/case/typed/").content


def test_two_tabs_answer_the_same_question_and_the_last_word_counts(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    for value in ("money", "money", "no"):
        assert client.post("/case/steps/demand/", {"value": value}).status_code == 302
    with tenancy.organisation(house.pk):
        assert knowing.answers(Case.objects.get())["demand"] == "no"
        assert CaseFact.objects.filter(name="demand").count() == 2


def test_steps_with_scripts_name_the_next_page_instead_of_leading_there(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    answer = client.post("/case/steps/safe_now/", {"value": "yes"}, headers={"x-step": "1"})
    assert answer.status_code == 204 and answer.headers["X-Location"] == "/case/steps/country/"
    leaving = client.get("/leave/", headers={"x-step": "1"})
    assert leaving.status_code == 204 and "cookies" in leaving.headers["Clear-Site-Data"]
    assert Client().get("/case/", headers={"x-step": "1"}).headers["X-Location"] == "/enter/"


def test_no_cookie_outlives_the_browser(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    client.post("/language/", {"language": "de"})
    assert {name for name, one in client.cookies.items() if name != "s" and (one["max-age"] or one["expires"])} == set()


def test_a_closed_case_asks_nothing(house: Any, now: Any) -> None:
    client = Client()
    opened(client)
    with tenancy.organisation(house.pk):
        consents.close(Case.objects.get(), "lead:1", NOON)
    assert client.get("/case/").status_code == 200 and b'id="lane"' not in client.get("/case/").content
    assert client.get("/case/steps/demand/").status_code == 404
    assert client.get("/case/steps/").status_code == 200
