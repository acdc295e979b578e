"""Two people who must not get anywhere: the partner who controls her and holds her phone, her card and her photos; and
the stalker who plays a survivor to find her pictures. Each test is one way they try, through the doors they have. Where
it ends is written in docs/levels.md; what they can still do is tested here too, so that nobody believes otherwise.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client

from efface.cases import active, attesting, consents, guarding, uploading
from efface.cases.models import Attestation, Case, CaseEvent, FaceAlarm, Fingerprint, SafetySign
from efface.engine.base import clock, deadlines, tenancy
from efface.net.protocol import Decoded, Face, Picture
from efface.search import deciding
from efface.search.matcher import same
from efface.search.matcher.holding import Holding
from efface.search.matcher.index import Bounds, Index
from efface.search.matcher.memory import Memory
from efface.search.matcher.server import Server
from efface.search.models import Match
from efface.vision.faces import template as templates
from tests import people
from tests.conftest import NOON, make_organisation, role
from tests.console.test_casework import GOOD, converse
from tests.search.scene import Page, StubMatcher
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MODEL = "model-of-this-test@sha256:0"
HER_WORD = "rosmarin"
PERSON = np.random.default_rng(7).normal(size=192)
SOMEBODY = np.random.default_rng(8).normal(size=192)


def photo(seed: int, person: Any) -> Decoded:
    """A made-up photo of somebody: numbers near theirs, no picture."""
    vector = person / np.linalg.norm(person) + np.random.default_rng(seed).normal(size=192) * 0.02
    face = Face([0.2, 0.2, 0.4, 0.4], 0.99, 0.9, 120, (vector / np.linalg.norm(vector)).tolist(), MODEL)
    return Decoded(Picture(sha256=f"{seed:064x}", md5="0" * 32, pdq=[f"{seed:064x}"] * 8, pdq_quality=100), [face])


@pytest.fixture
def house(organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An organisation with face search on, the matcher's index, and photos that need no decoder."""
    monkeypatch.setattr(templates, "_same", lambda model: 0.4)
    monkeypatch.setattr(templates, "COPY_COSINE", 0.99999)
    holding = Holding(Memory())
    holding.index = Index([], {MODEL: Bounds(0.55, 0.6)})
    server = Server(holding)

    def ask(model: str, vector: Any) -> bool:
        follow(holding)
        answer = server.asked({"op": "blocked", "body": {"model": model, "vector": list(vector)}})
        return bool(answer["body"]["blocked"])

    monkeypatch.setattr(guarding, "_asked", [ask])
    organisation.holding = holding
    people.permit_faces(organisation)
    yield organisation


def follow(holding: Holding) -> None:
    with role("efface_engine"):
        holding.load()
        same.tell(holding.index.same_faces(), clock.now())
        holding.load()


def fire(moment: Any) -> None:
    with role("efface_engine"):
        deadlines.fire(moment)


def upload(client: Client, monkeypatch: pytest.MonkeyPatch, person: Any) -> str:
    """Choose three photos of somebody's face in the portal; what the page says."""
    monkeypatch.setattr(uploading, "read", lambda files, want: [photo(n, person) for n in range(len(files))])
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile(f"{n}.jpg", b64encode(b"x" * n) or b"x", "image/jpeg") for n in (1, 2, 3)]
    answer = client.post("/case/pictures/", {"pictures": files, "age": "adult", "with_face": "yes"})
    return answer.content.decode()


def templates_of(case: Case) -> int:
    with tenancy.organisation(case.organisation_id):
        return Fingerprint.objects.filter(case=case, kind="face").count()


def in_use(case: Case) -> set[str]:
    with role("efface_engine"):
        return {one.kind for one in active.active_fingerprints(clock.now(), case.pk)}


def approve(organisation: Any, case: Case) -> None:
    second = people.worker(organisation, "caseworker", "Second")
    with tenancy.organisation(organisation.pk):
        attesting.approve(Attestation.objects.get(case=case, refused_at=None), second, clock.now())


def through(organisation: Any, case: Case, desk: Client) -> None:
    """The conversation, the second worker, the three days."""
    converse(desk, case)
    approve(organisation, case)
    fire(NOON + 3 * DAY)


# The partner who controls her. He has the access code, her photos, her identity card, and sits beside her.


@pytest.fixture
def her_case(house: Any) -> Any:
    opened = people.open_case(house, name="Subject A")
    her = people.entered(opened.access_code)
    her.post("/case/talk/", {"word": HER_WORD})
    return opened


@pytest.fixture
def desk(house: Any) -> Client:
    return people.signed_in(people.worker(house, "caseworker", "First"))


def test_with_her_code_and_photos_alone_he_gets_no_search(
    house: Any, her_case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    him = people.entered(her_case.access_code)
    him.post("/case/allow/change/", {"purpose": "face_search", "choice": "give"})
    him.post("/case/allow/change/", {"purpose": "text_search", "choice": "give"})
    assert "No face template was made" in upload(him, monkeypatch, PERSON)
    assert him.post("/case/me/name/", {"kind": "handle", "value": "quietlake_94"}).status_code == 422
    assert templates_of(her_case.case) == 0 and "face" not in in_use(her_case.case)
    with tenancy.organisation(house.pk):
        assert not Fingerprint.objects.filter(kind__in=("face", "text")).exists()


@pytest.mark.parametrize("said", [{"alone": "no"}, {"listening": "yes"}, {"wants": "no"}, {"face": "no"}])
def test_beside_her_the_conversation_ends_and_changes_nothing(
    house: Any, her_case: Any, desk: Client, said: dict[str, str]
) -> None:
    him = people.entered(her_case.access_code)
    before = [him.get(page).content.count(b"<li>") for page in ("/case/", "/case/allow/", "/case/timeline/")]
    converse(desk, her_case.case, GOOD | said)
    assert [him.get(page).content.count(b"<li>") for page in ("/case/", "/case/allow/", "/case/timeline/")] == before
    fire(NOON + 9 * DAY)
    with tenancy.organisation(house.pk):
        assert not Attestation.objects.exists() and Case.objects.get(pk=her_case.case.pk).level == "declared"


def test_she_says_her_word_while_he_listens(
    house: Any, her_case: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He makes her say that all is well. The word is in what she says; he notices nothing, three days later either."""
    him = people.entered(her_case.access_code)
    him.post("/case/allow/change/", {"purpose": "face_search", "choice": "give"})
    converse(desk, her_case.case, GOOD | {"word": "no, only that I like rosmarin"})
    with tenancy.organisation(house.pk):
        assert SafetySign.objects.get().outcome == "" and not Attestation.objects.exists()
        kinds = set(CaseEvent.objects.values_list("kind", flat=True))
    assert kinds == {"case.opened", "consent.given"}, "nothing he could read"
    fire(NOON + 9 * DAY)
    with clock.fixed(NOON + 9 * DAY):
        assert templates_of(her_case.case) == 0 and not in_use(her_case.case)
        assert b"Say goodbye in a friendly way" in desk.get(f"/console/cases/{her_case.case.pk}/attest/over/").content
        lead = people.signed_in(people.worker(house, "lead"))
        assert b"She said her word" in lead.get("/console/queue/").content


def test_she_gave_in_and_types_the_word_when_he_is_out_of_the_room(
    house: Any, her_case: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    him = people.entered(her_case.access_code)
    him.post("/case/allow/change/", {"purpose": "face_search", "choice": "give"})
    through(house, her_case.case, desk)
    with clock.fixed(NOON + 4 * DAY):
        assert "A face template was made" in upload(him, monkeypatch, PERSON)
        assert in_use(her_case.case) == {"face", *in_use(her_case.case)}
        shown = re.sub(r'value="[\w-]{64}"', "", him.get("/case/").content.decode())
        people.entered(her_case.access_code).post("/case/messages/write/", {"text": "Rosmarin"})
        assert "face" not in in_use(her_case.case)
        after = re.sub(r'value="[\w-]{64}"', "", him.get("/case/").content.decode())
        assert after == shown and "We look for your face" in after
        assert templates_of(her_case.case) == 1, "a template that is gone would be seen"
        said = upload(him, monkeypatch, PERSON)
        assert "not attested" not in said and "No face template" not in said


def test_he_sets_words_of_his_own_and_hers_still_works(house: Any, her_case: Any, desk: Client) -> None:
    him = people.entered(her_case.access_code)
    for number in range(6):
        him.post("/case/talk/", {"word": f"his own word {number}"})
    converse(desk, her_case.case, GOOD | {"word": HER_WORD})
    with tenancy.organisation(house.pk):
        assert SafetySign.objects.count() == 1


def test_she_stops_it_from_any_phone_within_the_three_days(house: Any, her_case: Any, desk: Client) -> None:
    converse(desk, her_case.case)
    approve(house, her_case.case)
    her = people.entered(her_case.access_code)
    assert 'id="level-stop"' in her.get("/case/").content.decode()
    her.post("/case/allow/stop/")
    fire(NOON + 9 * DAY)
    with tenancy.organisation(house.pk):
        assert Case.objects.get(pk=her_case.case.pk).level == "declared"


def test_a_second_worker_who_doubts_is_enough(house: Any, her_case: Any, desk: Client) -> None:
    converse(desk, her_case.case)
    second = people.worker(house, "caseworker", "Second")
    with tenancy.organisation(house.pk):
        attesting.refuse(Attestation.objects.get(), second, NOON, "she looked to the side before each answer")
    fire(NOON + 9 * DAY)
    with tenancy.organisation(house.pk):
        assert Case.objects.get(pk=her_case.case.pk).level == "declared"


def test_where_it_ends_what_is_found_goes_to_the_worker_first(
    house: Any, her_case: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody was deceived and she never said her word: there is a search. What it finds he does not see."""
    him = people.entered(her_case.access_code)
    him.post("/case/allow/change/", {"purpose": "face_search", "choice": "give"})
    through(house, her_case.case, desk)
    with clock.fixed(NOON + 4 * DAY):
        upload(him, monkeypatch, PERSON)
        match = crawled(house, her_case.case)
        for page in ("/case/", "/case/timeline/", "/case/allow/", "/case/allow/of/face_search/", "/case/messages/"):
            assert b"quiet-lake" not in him.get(page).content, page
        file = b"".join(him.post("/case/everything/", {"code": her_case.access_code}).streaming_content)
        assert b"quiet-lake" not in unpacked(file)
        assert him.post(f"/case/answer/{match.pk}/", {"choice": "me", "age": "adult"}, follow=True).status_code == 200
        with tenancy.organisation(house.pk):
            match.refresh_from_db()
            assert match.state == "candidate", "he cannot answer what nobody asked"
            for machine in ("engine", "survivor", "", "coordinator:1"):
                with pytest.raises(deciding.DecisionRefused, match="person"):
                    deciding.ask(match, machine, clock.now())
            deciding.ask(match, "caseworker:1", clock.now())
        assert b"quiet-lake" in him.get("/case/").content, "red: this is what the worker's decision stands in front of"


def crawled(organisation: Any, case: Case) -> Match:
    """The crawl meets a page that shows the face of this case's template; its candidate."""
    world = World(clock.now())
    world.fetcher.pages = {"/": Page(["/v/2"]), "/v/2": Page([], {"/m/2.jpg": "her face"})}
    with tenancy.organisation(organisation.pk):
        template = Fingerprint.objects.get(case=case, kind="face")
        world.matcher = StubMatcher()
        world.matcher.templates = 1
        world.matcher.face_hits = {"her face": [(template, 0.72)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        return Match.objects.get(case=case, kind="face")


def unpacked(data: bytes) -> bytes:
    import io
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(data))
    return b"".join(archive.read(name) for name in archive.namelist())


# The stalker who plays a survivor. He comes to another organisation with her photos and a good story.


@pytest.fixture
def stalker(house: Any) -> Any:
    """His own case at another helpline, attested: his forged card and his accomplice's face were believed."""
    other = make_organisation("Another Helpline")
    other.holding = house.holding
    people.permit_faces(other)
    opened = people.open_case(other, name="Subject B")
    with tenancy.organisation(other.pk):
        consents.give(opened.case, "face_search", "survivor", NOON)
    through(other, opened.case, people.signed_in(people.worker(other)))
    return opened


def test_her_photos_without_the_conversation_are_worth_nothing(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = people.open_case(house)
    his = people.entered(opened.access_code)
    his.post("/case/allow/change/", {"purpose": "face_search", "choice": "give"})
    assert "No face template was made" in upload(his, monkeypatch, PERSON)
    assert templates_of(opened.case) == 0


def test_she_blocked_her_face_and_he_is_refused_without_learning_why(
    house: Any, stalker: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = people.open_case(house, kind="block", name="Subject A")
    with tenancy.organisation(house.pk):
        consents.give(blocked.case, "block_face", "survivor", NOON)
    through(house, blocked.case, desk)
    with clock.fixed(NOON + 4 * DAY):
        assert "A face template was made" in upload(people.entered(blocked.access_code), monkeypatch, PERSON)
        with tenancy.organisation(house.pk):
            assert set(Fingerprint.objects.filter(case=blocked.case).values_list("kind", flat=True)) == {"face"}
        his = people.entered(stalker.access_code)
        said = upload(his, monkeypatch, PERSON)
        assert "cannot be made of these photos" in said
        for secret in ("block", "refuse", "search", "Example Helpline", str(blocked.case.pk), blocked.case.reference):
            assert secret not in said.split('data-fact="face"')[1].split("</p>")[0], secret
        assert templates_of(stalker.case) == 0
        with tenancy.organisation(stalker.case.organisation_id):
            assert FaceAlarm.objects.get().kind == "refused"
            FaceAlarm.objects.all().delete()
        monkeypatch.setattr(guarding, "_asked", [lambda model, vector: False])
        assert "A face template was made" in upload(his, monkeypatch, PERSON), "red: the question is what stops him"


def test_she_has_a_case_and_both_leads_are_told(
    house: Any, stalker: Any, her_case: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.organisation(house.pk):
        consents.give(her_case.case, "face_search", "survivor", NOON)
    through(house, her_case.case, desk)
    with clock.fixed(NOON + 4 * DAY):
        upload(people.entered(her_case.access_code), monkeypatch, PERSON)
        upload(people.entered(stalker.access_code), monkeypatch, PERSON)
        follow(house.holding)
        assert house.holding.index.faces == 0, "his search does not run, and hers waits for her lead"
        for opened, organisation in ((her_case, house.pk), (stalker, stalker.case.organisation_id)):
            with tenancy.organisation(organisation):
                row = FaceAlarm.objects.get()
                assert (row.case_id, row.kind) == (opened.case.pk, "same")
        his_lead = people.signed_in(people.worker(_of(stalker), "lead"))
        page = his_lead.get("/console/queue/").content.decode()
        assert "The same face is in another case" in page and her_case.case.reference not in page
        with tenancy.organisation(stalker.case.organisation_id):
            guarding.decide(FaceAlarm.objects.get(), "ended", "the second call showed another person", "lead:1", NOON)
        with tenancy.organisation(house.pk):
            guarding.decide(FaceAlarm.objects.get(), "goes-on", "spoke with her again", "lead:1", NOON)
        follow(house.holding)
        assert house.holding.index.cases() == {her_case.case.pk} and templates_of(stalker.case) == 0


def _of(opened: Any) -> Any:
    from efface.accounts.models import Organisation

    return Organisation.objects.get(pk=opened.case.organisation_id)


def test_another_persons_face_is_not_stopped(
    house: Any, stalker: Any, her_case: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.organisation(house.pk):
        consents.give(her_case.case, "face_search", "survivor", NOON)
    through(house, her_case.case, desk)
    with clock.fixed(NOON + 4 * DAY):
        upload(people.entered(her_case.access_code), monkeypatch, PERSON)
        assert "A face template was made" in upload(people.entered(stalker.access_code), monkeypatch, SOMEBODY)
        follow(house.holding)
        assert house.holding.index.faces == 2


def test_where_it_ends_a_stalker_whom_two_workers_believed_sees_no_page_either(
    house: Any, stalker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She has neither a case nor a block. There is a search; what it finds is put before a worker, not before him."""
    with clock.fixed(NOON + 4 * DAY):
        his = people.entered(stalker.access_code)
        upload(his, monkeypatch, PERSON)
        crawled(_of(stalker), stalker.case)
        for page in ("/case/", "/case/timeline/", "/case/allow/of/face_search/"):
            assert b"quiet-lake" not in his.get(page).content, page
        assert b"quiet-lake" not in unpacked(
            b"".join(his.post("/case/everything/", {"code": stalker.access_code}).streaming_content)
        )


def test_a_stalker_cannot_block_her_out_of_help(
    house: Any, stalker: Any, her_case: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the conversation a block is nothing; with it, her lead is told and can go on."""
    fake = people.open_case(house, kind="block")
    his = people.entered(fake.access_code)
    his.post("/case/allow/change/", {"purpose": "block_face", "choice": "give"})
    upload(his, monkeypatch, PERSON)
    assert templates_of(fake.case) == 0
    with tenancy.organisation(house.pk):
        assert not FaceAlarm.objects.exists()
