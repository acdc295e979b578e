"""Opening a case, what is on its page, attestation by two, face search by a coordinator, erasure by a lead."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import AuditEntry, FaceSearchPermission
from efface.cases import opening, uploading
from efface.cases.models import Attestation, Case, Consent, Fingerprint, Hold, ReportedLink
from efface.engine.base import tenancy
from tests import people

pytestmark = pytest.mark.django_db
CODE = re.compile(r'data-fact="access-code">([a-z0-9-]{19})<')
NEW = {"age": "adult", "language": "en", "country": "DE"}


@pytest.fixture
def desk(organisation: Any, now: Any) -> Client:
    return people.signed_in(people.worker(organisation, "caseworker", "Kim First"))


@pytest.fixture
def case(organisation: Any, now: Any) -> Any:
    return people.open_case(organisation, name="A. Example").case


def ticket(client: Client) -> str:
    found = re.search(r'name="ticket" value="([0-9a-f]+)"', client.get("/console/cases/new/").content.decode())
    assert found
    return found[1]


def test_a_new_case_shows_its_code_once_and_the_code_opens_the_portal(organisation: Any, desk: Client) -> None:
    given = {**NEW, "ticket": ticket(desk), "purposes": ["hash_match", "notify"], "name": "A. Example"}
    page = desk.post("/console/cases/new/", given).content.decode()
    code = CODE.search(page)
    assert code
    again = desk.post("/console/cases/new/", given, follow=True).content.decode()
    assert "was used already" in again and not CODE.search(again)
    with tenancy.organisation(organisation.pk):
        case = Case.objects.get()
        assert {one.purpose for one in Consent.objects.filter(case=case)} == {"hash_match", "notify"}
    assert code[1] not in desk.get(f"/console/cases/{case.pk}/").content.decode()
    assert people.entered(code[1].upper().replace("-", " ")).get("/case/").status_code == 200


def test_a_lost_code_is_replaced_and_the_old_one_ends(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        old = opening.new_access_code(case, now)
    found = CODE.search(desk.post(f"/console/cases/{case.pk}/code/").content.decode())
    assert found
    assert Client().post("/enter/", {"code": old}).status_code == 422
    people.entered(found[1])


def test_a_new_case_with_nonsense_says_so(desk: Client) -> None:
    answer = desk.post("/console/cases/new/", {**NEW, "age": "old enough", "ticket": ticket(desk)})
    assert answer.status_code == 422 and b"errorlist" in answer.content


def test_the_case_page_shows_what_is_known_and_nothing_that_could_be_opened(
    organisation: Any, case: Any, desk: Client
) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case)
        people.make_check(finding)
        people.make_notice(finding, state="sent")
    page = desk.get(f"/console/cases/{case.pk}/").content.decode()
    for words in (
        "A. Example",
        "hxxps://pictures[.]example/p/2",
        "The page still serves the picture.",
        "Example Hosting",
        "There is no consent for this.",
        "Case opened",
    ):
        assert words in page
    assert "<img" not in page and 'href="http' not in page


def test_the_timeline_names_people_and_reasons_and_no_row(organisation: Any, case: Any, desk: Client, now: Any) -> None:
    from efface.cases import events

    with tenancy.organisation(organisation.pk):
        data = {"why": "wrong <b>host</b>", "match": str(case.pk), "urls": ["https://a.example/1"], "sure": False}
        events.record(case, "notice.refused", "engine", now=now, **data)
    desk.post(f"/console/cases/{case.pk}/consent/", {"purpose": "hash_match", "choice": "give"})
    page = desk.get(f"/console/cases/{case.pk}/timeline/").content.decode()
    assert "Notice refused" in page and "wrong &lt;b&gt;host&lt;/b&gt;" in page and "hxxps://a[.]example/1" in page
    assert "Kim First" in page and "compare fingerprints of my pictures" in page
    told = page[page.index('data-fact="timeline"') :]
    assert str(case.pk) not in told and "hash_match" not in told


GOOD = {"alone": "yes", "listening": "no", "word": "-", "wants": "yes", "face": "yes", "proof": "identity card"}


def converse(desk: Client, case: Any, said: dict[str, str] = GOOD) -> Any:
    """Hold the conversation as its pages ask; the last answer."""
    url = f"/console/cases/{case.pk}/attest/"
    answer = desk.post(url, {"do": "begin", "way": "video"})
    for step, given in said.items():
        answer = desk.post(url, {"do": "answer", "step": step, "given": given})
    return answer


def test_attestation_takes_two_people(organisation: Any, case: Any, desk: Client) -> None:
    assert converse(desk, case).url == f"/console/cases/{case.pk}/"
    with tenancy.organisation(organisation.pk):
        attestation = Attestation.objects.get()
    assert 'data-kind="attestation"' not in desk.get("/console/queue/").content.decode()
    second = people.signed_in(people.worker(organisation, "caseworker"))
    page = second.get("/console/queue/").content.decode()
    mark = re.search(r'data-kind="attestation".*?name="mark" value="([0-9a-f]+)"', page, re.DOTALL)
    assert mark and "Kim First" in page
    take = f"/console/decision/attestation/{attestation.pk}/take/"
    desk.post(take, {"choice": "approve", "mark": mark[1]})
    with tenancy.organisation(organisation.pk):
        attestation.refresh_from_db()
        assert attestation.second_at is None
    second.post(take, {"choice": "approve", "mark": mark[1]})
    with tenancy.organisation(organisation.pk):
        attestation.refresh_from_db()
        assert attestation.second_at and attestation.effective_at
        assert AuditEntry.objects.filter(action="attestation.approve").count() == 1


def test_what_can_be_done_on_a_case(organisation: Any, case: Any, desk: Client) -> None:
    at = f"/console/cases/{case.pk}/"
    desk.post(at + "consent/", {"purpose": "hash_match", "choice": "give"})
    desk.post(at + "consent/", {"purpose": "hash_match", "choice": "give"})
    desk.post(at + "message/", {"text": "Hello."})
    desk.post(at + "link/", {"url": "https://pictures.example/x"})
    desk.post(at + "hold/", {"reason": "police asked", "owner": "station 4", "hours": "48"})
    with tenancy.organisation(organisation.pk):
        assert Consent.objects.filter(withdrawn_at=None).count() == 1
        assert ReportedLink.objects.get().url == "https://pictures.example/x"
        assert case.messages.get().from_survivor is False
        hold = Hold.objects.get()
    desk.post(f"{at}hold/{hold.pk}/lift/")
    desk.post(at + "consent/", {"purpose": "hash_match", "choice": "withdraw"})
    desk.post(at + "pause/", {"choice": "stop"})
    with tenancy.organisation(organisation.pk):
        hold.refresh_from_db()
        case.refresh_from_db()
        assert hold.lifted_at and case.state == "paused"
        assert not Consent.objects.filter(withdrawn_at=None).exists()
    assert desk.post(at + "pause/", {"choice": "explode"}).status_code == 404
    assert desk.post(at + "consent/", {"purpose": "everything", "choice": "give"}).status_code == 404
    assert desk.post(at + "message/", {"text": " "}).status_code == 422
    assert desk.post(at + "hold/", {"reason": "x", "owner": "y", "hours": "-1"}).status_code == 422
    assert "does not look like" in desk.post(at + "link/", {"url": "no address"}, follow=True).content.decode()


def test_a_lead_erases_after_typing_the_reference(organisation: Any, case: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead"))
    assert lead.post(f"/console/cases/{case.pk}/erase/", {"reference": "WRONG"}).status_code == 422
    lead.post(f"/console/cases/{case.pk}/erase/", {"reference": case.reference})
    with tenancy.organisation(organisation.pk):
        assert Case.objects.get(pk=case.pk).state == "erased"
    page = lead.get(f"/console/cases/{case.pk}/").content.decode()
    assert "was erased" in page and "A. Example" not in page


def test_face_search_is_recorded_and_withdrawn_by_a_coordinator(organisation: Any, now: Any) -> None:
    coordinator = people.signed_in(people.worker(organisation, "coordinator"))
    given = {
        "choice": "record",
        "impact_assessment": "DPIA 1",
        "legal_basis": "Art. 9(2)(a) GDPR",
        "countries": "de,es",
    }
    assert coordinator.post("/console/face-search/", {**given, "countries": "Germany"}).status_code == 422
    for _ in range(2):
        coordinator.post("/console/face-search/", given)
    with tenancy.organisation(organisation.pk):
        permission = FaceSearchPermission.objects.get()
        assert (permission.countries, permission.withdrawn_at) == ("DE, ES", None)
    coordinator.post("/console/face-search/", {"choice": "withdraw"})
    with tenancy.organisation(organisation.pk):
        assert FaceSearchPermission.objects.get().withdrawn_at == now


def picture(colour: int = 0, size: int = 160) -> bytes:
    """A harmless pattern with enough detail for a fingerprint."""
    from PIL import Image

    image = Image.new("RGB", (size, size))
    image.putdata(
        [((x * 7 + colour) % 256, (y * 5) % 256, (x * y + colour) % 256) for y in range(size) for x in range(size)]
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def upload(client: Client, url: str, files: list[tuple[str, bytes]], **more: str) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return client.post(
        url, {"pictures": [SimpleUploadedFile(name, data, "image/jpeg") for name, data in files], **more}
    )


@pytest.fixture(scope="module", autouse=True)
def no_decoder_left() -> Any:
    yield
    uploading.close()


def test_pictures_become_fingerprints_and_say_what_came_of_each(organisation: Any, case: Any, desk: Client) -> None:
    url = f"/console/cases/{case.pk}/pictures/"
    answer = upload(desk, url, [("one.jpg", picture()), ("broken.jpg", b"\xff\xd8\xff not a picture")], age="adult")
    page = answer.content.decode()
    assert "One picture was turned into a fingerprint." in page and "broken.jpg: " in page
    with tenancy.organisation(organisation.pk):
        assert [one.label for one in Fingerprint.objects.filter(kind="pdq")] == ["one.jpg"]
        fingerprint = Fingerprint.objects.get()
    assert "enrolled already" in upload(desk, url, [("same.jpg", picture())], age="adult").content.decode()
    desk.post(f"/console/cases/{case.pk}/fingerprint/{fingerprint.pk}/retire/")
    with tenancy.organisation(organisation.pk):
        assert Fingerprint.objects.get().retired_at is not None


def test_uploads_that_cannot_be_taken(organisation: Any, case: Any, desk: Client) -> None:
    url = f"/console/cases/{case.pk}/pictures/"
    assert desk.post(url, {"age": "adult"}).status_code == 422
    many = [(f"{number}.jpg", b"x") for number in range(uploading.MAX_FILES + 1)]
    assert upload(desk, url, many, age="adult").status_code == 422
    minor = people.open_case(organisation, age="minor").case
    page = desk.get(f"/console/cases/{minor.pk}/pictures/").content.decode()
    assert 'type="file"' not in page
    assert upload(desk, f"/console/cases/{minor.pk}/pictures/", [("a.jpg", picture(3))], age="adult").status_code == 422
    with tenancy.organisation(organisation.pk):
        assert not Fingerprint.objects.exists()
