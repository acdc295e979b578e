"""A worker flags a site, leads read a draft and answer: no picture, no link that opens, two pairs of eyes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from efface.accounts.models import AuditEntry
from efface.engine.base import tenancy
from efface.search import stopping
from efface.search.models import Finding, HotlineDraft, Match, Sighting, SiteStop
from efface.search.stopping import Cause
from efface.sites import stopped
from efface.sites.models import Site
from tests import people
from tests.conftest import make_organisation

pytestmark = pytest.mark.django_db
PAGE = "https://pictures.example/p/1"


@pytest.fixture
def leads(organisation: Any) -> list[Any]:
    return [people.signed_in(people.worker(organisation, "lead", f"Lead {n}")) for n in (1, 2)]


@pytest.fixture
def match(organisation: Any, case: Any) -> Any:
    with tenancy.organisation(organisation.pk):
        return people.make_match(case)


def _draft(organisation: Any) -> HotlineDraft:
    with tenancy.organisation(organisation.pk):
        return HotlineDraft.objects.select_related("stop").get()


def _form(client: Any, draft: HotlineDraft) -> dict[str, str]:
    """What a person sees, and the answers that are there."""
    page = client.get(f"/console/decision/suspected/{draft.pk}/").content.decode()
    found = re.search(r'name="mark" value="([0-9a-f]+)"', page)
    return {"page": page, "mark": found[1] if found else ""}


def _take(client: Any, draft: HotlineDraft, choice: str, **filled: str) -> Any:
    given = {"mark": _form(client, draft)["mark"], "choice": choice, **filled}
    return client.post(f"/console/decision/suspected/{draft.pk}/take/", given)


@pytest.mark.parametrize("kind", ["match", "sighting", "site", "finding"])
def test_one_click_and_a_confirmation_stop_a_site(
    organisation: Any, case: Any, desk: Any, match: Any, kind: str
) -> None:  # fmt: skip
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case)
    ids = {"match": match.pk, "sighting": match.sighting_id, "site": match.sighting.site_id, "finding": finding.pk}
    path = f"/console/suspect/{kind}/{ids[kind]}/"
    asked = desk.get(path).content.decode()
    assert "pictures.example" in asked and "<img" not in asked
    assert "https://pictures.example" not in asked and 'href="http' not in asked
    assert stopped.domains() == [] and not SiteStop.objects.exists()
    answer = desk.post(path)
    assert answer.status_code == 302
    assert stopped.domains() == ["pictures.example"]
    draft = _draft(organisation)
    wanted = {"match": [PAGE], "sighting": [PAGE], "site": [], "finding": ["https://pictures.example/p/2"]}
    assert draft.addresses == wanted[kind]
    assert draft.stop.by.startswith("caseworker:") and draft.stop.flagged_in == organisation.pk
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.filter(state="candidate").exists()
        assert Finding.objects.get().stopped
        assert AuditEntry.objects.filter(action="site.stopped").count() == 1
    assert not Sighting.objects.exists()


def test_it_is_flagged_once_more_without_harm(organisation: Any, desk: Any, match: Any) -> None:
    site = match.sighting.site_id
    desk.post(f"/console/suspect/match/{match.pk}/")
    again = f"/console/suspect/site/{site}/"
    assert "stopped already" in desk.get(again).content.decode()
    assert desk.post(again).status_code == 302
    assert SiteStop.objects.count() == 1
    assert desk.get(f"/console/suspect/match/{match.pk}/").status_code == 404


def test_what_is_another_organisation_s_cannot_be_flagged(match: Any) -> None:
    other = people.signed_in(people.worker(make_organisation("Second"), "caseworker"))
    assert other.post(f"/console/suspect/match/{match.pk}/").status_code == 404
    assert other.post(f"/console/suspect/whatever/{match.pk}/").status_code == 404
    assert stopped.domains() == []


def test_a_lead_reads_a_draft_that_opens_nothing_and_reports_it(
    organisation: Any, desk: Any, match: Any, leads: list[Any]
) -> None:
    Site.objects.update(dossier={"parties": [
        {"key": "host:AS1", "role": "host", "name": "Example Hosting", "country": "GB"}]}, country="BR")  # fmt: skip
    desk.post(f"/console/suspect/match/{match.pk}/")
    draft = _draft(organisation)
    shown = _form(leads[0], draft)["page"]
    assert "hxxps://pictures[.]example/p/1" in shown
    assert "https://pictures.example" not in shown
    assert not re.search(r'(href|src|action)="[^"]*pictures', shown)
    assert "<img" not in shown.partition('<main')[2]
    assert "Example Hosting" in shown
    assert shown.index("Internet Watch Foundation") < shown.index("SaferNet Brasil") < shown.index("INHOPE")
    assert "Stopped: suspected child material" in leads[0].get("/console/queue/").content.decode()
    refused = _take(leads[0], draft, "reported")
    assert refused.status_code == 422  # without a reference
    assert _take(leads[0], draft, "reported", reference="IWF-1").status_code == 302
    draft = _draft(organisation)
    assert (draft.stop.state, draft.reference) == ("reported", "IWF-1")
    assert stopped.domains() == ["pictures.example"]
    assert "suspected child material" not in leads[0].get("/console/queue/").content.decode()
    # It is found again from its site.
    site = leads[0].get(f"/console/coverage/{draft.stop.site_id}/").content.decode()
    assert f"/console/decision/suspected/{draft.pk}/" in site and "reported to a hotline" in site


def test_a_false_alarm_takes_two_leads(organisation: Any, desk: Any, match: Any, leads: list[Any]) -> None:
    desk.post(f"/console/suspect/match/{match.pk}/")
    draft = _draft(organisation)
    assert _take(leads[0], draft, "false").status_code == 422
    assert _take(leads[0], draft, "false", why="a shop for lanterns").status_code == 302
    # The same one is not offered it, and cannot do it by hand either.
    mine = _form(leads[0], draft)
    assert 'value="agree"' not in mine["page"] and 'value="stays"' in mine["page"]
    assert _take(leads[0], draft, "agree", why="still me").status_code == 422
    assert stopped.domains() == ["pictures.example"]
    assert "a shop for lanterns" in _form(leads[1], draft)["page"]
    assert _take(leads[1], draft, "agree").status_code == 422
    assert _take(leads[1], draft, "agree", why="I know the shop").status_code == 302
    assert stopped.domains() == []
    assert _draft(organisation).stop.state == SiteStop.State.FALSE


def test_without_the_four_eyes_one_lead_would_do(
    organisation: Any, desk: Any, match: Any, leads: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard broken."""
    desk.post(f"/console/suspect/match/{match.pk}/")
    draft = _draft(organisation)
    _take(leads[0], draft, "false", why="a shop")
    monkeypatch.setattr(stopping, "_who", lambda actor: object())
    with tenancy.organisation(organisation.pk):
        lead = draft.stop.pk, SiteStop.objects.get().doubted_by
        assert stopping.agree(lead[0], "me again", lead[1], draft.made_at)
    assert stopped.domains() == []


def test_the_doubt_can_be_taken_back(organisation: Any, desk: Any, match: Any, leads: list[Any]) -> None:
    desk.post(f"/console/suspect/match/{match.pk}/")
    draft = _draft(organisation)
    _take(leads[0], draft, "false", why="a shop")
    assert _take(leads[0], draft, "stays").status_code == 302
    assert _draft(organisation).stop.state == "open"
    assert 'value="reported"' in _form(leads[1], draft)["page"]


def test_caseworkers_do_not_decide_and_other_organisations_see_nothing(
    organisation: Any, desk: Any, match: Any
) -> None:  # fmt: skip
    desk.post(f"/console/suspect/match/{match.pk}/")
    draft = _draft(organisation)
    lead = people.signed_in(people.worker(make_organisation("Second"), "lead"))
    for client in (desk, lead):
        assert "decided" in client.get(f"/console/decision/suspected/{draft.pk}/").content.decode()
        assert "suspected child material" not in client.get("/console/queue/").content.decode()
        client.post(f"/console/decision/suspected/{draft.pk}/take/", {"mark": "x", "choice": "reported"})
    assert _draft(organisation).stop.state == "open"
    # That the site is stopped everybody knows, and who may open its draft.
    shown = lead.get(f"/console/coverage/{draft.stop.site_id}/").content.decode()
    assert "its organisation has the draft" in shown and str(draft.pk) not in shown


def test_what_the_crawl_noticed_is_every_organisation_s(organisation: Any, leads: list[Any], now: Any) -> None:
    stopping.stop(people.make_site(), Cause("terms", ("en.age",)), [PAGE], now)
    lead = people.signed_in(people.worker(make_organisation("Second"), "lead"))
    draft = _draft(organisation)
    for client in (leads[0], lead):
        shown = _form(client, draft)["page"]
        assert "en.age" in shown and "hxxps://pictures[.]example/p/1" in shown
    assert _take(lead, draft, "reported", reference="REF").status_code == 302
    late = leads[0].post(
        f"/console/decision/suspected/{draft.pk}/take/", {"mark": "x", "choice": "reported", "reference": "R"},
        follow=True,
    ).content.decode()  # fmt: skip
    assert "This changed since you opened it" in late
    assert _draft(organisation).reference == "REF"


def test_coverage_says_it_in_plain_words(organisation: Any, desk: Any, now: Any) -> None:
    empty = desk.get("/console/coverage/?kind=stopped").content.decode()
    assert "No site is in this state." in empty
    stopping.stop(people.make_site(), Cause("list", ("list-file",)), [PAGE], now)
    shown = desk.get("/console/coverage/?kind=stopped").content.decode()
    assert "Suspected child material. Nothing of it is looked at or kept" in shown
    assert PAGE not in shown
    site = people.make_site().pk
    assert "nobody should open it" in desk.get(f"/console/sites/{site}/").content.decode()
    one = desk.get(f"/console/coverage/{site}/").content.decode()
    assert "a list of known material" in one and "list-file" in one and "Open the draft" not in one


def test_a_coordinator_may_not_resume_it_by_hand(organisation: Any, now: Any) -> None:
    site = people.make_site()
    stopping.stop(site, Cause("list", ("list-file",)), [], now)
    desk = people.signed_in(people.worker(organisation, "coordinator"))
    desk.post(f"/console/coverage/{site.pk}/change/", {"choice": "resume"})
    desk.post(f"/console/sites/{site.pk}/edit/", {"state": "active", "why": "x"})
    assert stopped.domains() == ["pictures.example"]
