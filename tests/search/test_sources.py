"""Every source keeps the contract: nothing leaves without set-up, consent and attestation, within a budget a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from efface.accounts.models import AuditEntry
from efface.cases import consents
from efface.cases.models import Case, Fingerprint, ReportedLink
from efface.engine.base import tenancy
from efface.net.fetcher.questions import results
from efface.net.protocol import Answered, FetchFacts, Limits, QuestionRequest
from efface.search import sources
from efface.search.models import Frontier
from efface.search.sources import asking, known, onion, partner
from efface.search.sources.contract import Setup, SourceRefused
from efface.search.sources.wording import phrases
from efface.sites import registry
from efface.sites.models import Site
from tests.search.scene import make_case

FULL = Setup("https://search.example", "the-key", "terms page, read by A. Example", "socks5://127.0.0.1:9")
NAMES = sorted(known.SOURCES)


@pytest.mark.parametrize("name", NAMES)
class TestContract:
    """Inherited by every adapter: a folder that is not in the table fails here too."""

    def test_it_says_what_it_is(self, name: str) -> None:
        contract = known.SOURCES[name].contract
        assert contract.name == name and contract.terms
        assert set(contract.needs) <= set(Setup.__dataclass_fields__)
        assert (Path(sources.__file__).parent / name / "__init__.py").exists()

    def test_what_says_something_of_her_needs_a_consent(self, name: str) -> None:
        contract = known.SOURCES[name].contract
        assert bool(contract.purpose) == (contract.sends != "nothing")

    def test_without_what_it_needs_it_is_refused(self, name: str) -> None:
        source = known.SOURCES[name]
        for need in source.contract.needs:
            lacking = Setup(**{one: "" if one == need else getattr(FULL, one) for one in Setup.__dataclass_fields__})
            with pytest.raises(SourceRefused):
                source.questions(["Subject A"], [], lacking)

    def test_a_question_goes_to_the_endpoint_alone(self, name: str) -> None:
        source = known.SOURCES[name]
        try:
            asked = source.questions(["Subject A"], ["mirror.example"], FULL)
        except SourceRefused:
            assert source.contract.sends in ("pictures", "fingerprints")
            return
        assert bool(asked) == (source.contract.sends == "names")
        assert all(urlsplit(one.url)[:2] == ("https", "search.example") for one in asked)
        assert all(FULL.key not in one.url for one in asked), "a key never stands in an address"


def test_every_folder_is_in_the_table() -> None:
    folders = {path.parent.name for path in Path(sources.__file__).parent.glob("*/__init__.py")}
    assert folders == set(known.SOURCES)


@given(st.lists(st.text(max_size=40), max_size=5), st.lists(st.text(max_size=20), max_size=5))
def test_a_name_never_ends_its_phrase(words: list[str], domains: list[str]) -> None:
    for phrase in phrases(words, domains):
        inside, _, rest = phrase[1:].partition('"')
        assert phrase.startswith('"') and len(inside) >= 4
        assert rest == "" or (rest.startswith(" site:") and " " not in rest[6:] and '"' not in rest)


def test_names_are_asked_as_phrases_everywhere_and_on_known_sites() -> None:
    assert phrases(["Subject A", "subject A\" OR x"], ["b.example"]) == [
        '"Subject A"', '"subject A OR x"', '"Subject A" site:b.example', '"subject A OR x" site:b.example'
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["results", "web", "url", "x"]), inner),
)


@given(JSON)
def test_an_answer_may_be_anything(answer: Any) -> None:
    assert all(url.startswith(("http://", "https://")) for url in results(answer))


def test_both_forms_of_answer_are_read() -> None:
    entries = [{"url": "https://a.example/1"}, {"url": "javascript:x"}, {"url": "https://a.example/1"}, 3]
    for answer in ({"results": entries}, {"web": {"results": entries}}):
        assert results(answer) == ["https://a.example/1"]


@dataclass
class Service:
    """Answers every question with the same addresses."""

    urls: list[str]
    asked: list[QuestionRequest] = field(default_factory=list)
    during: Callable[[], None] | None = None

    def question(self, request: QuestionRequest) -> Answered:
        self.asked.append(request)
        if self.during is not None:
            self.during()
        return Answered(FetchFacts(request.url, request.url, 200), self.urls)


FOUND = ["https://known.example/p/1", "https://unknown.example/p/2", "https://known.example/p/1#x"]


@pytest.fixture
def case(organisation: Any, now: Any) -> Any:
    registry.register("https://known.example/", now)
    with tenancy.organisation(organisation.pk):
        made = make_case(organisation, now, level="attested")
        consents.give(made, "text_search", "survivor", now)
        for kind, value in (("name", "Subject A"), ("handle", "subject_a_99")):
            row = Fingerprint(organisation=organisation, case=made, kind="text", age="adult", created=now)
            row.value = {"kind": kind, "value": value}
            row.save()
        known.configure(organisation.pk, "searxng", Setup("https://search.example"), 50, True, "coordinator:1", now)
    return made


@pytest.mark.django_db
def test_results_are_queued_once_marked_by_their_source(organisation: Any, case: Case, now: Any) -> None:
    service = Service(FOUND)
    done = asking.ask(organisation.pk, case.pk, service, Limits(), now)
    assert (done.asked, done.queued, done.new_sites) == (2, 1, 1)
    assert parse_qs(urlsplit(service.asked[0].url).query)["q"] == ['"Subject A"']
    with tenancy.organisation(organisation.pk):
        rows = {row.url: (row.by, row.outcome) for row in ReportedLink.objects.all()}
    assert rows == {
        "https://known.example/p/1": ("source:searxng", "queued"),
        "https://unknown.example/p/2": ("source:searxng", asking.NEW_SITE),
    }
    assert Frontier.objects.get(site__domain="known.example").priority == 0
    assert not Site.objects.filter(domain="unknown.example").exists(), "no site is crawled because a search named it"
    again = asking.ask(organisation.pk, case.pk, Service(FOUND), Limits(), now + timedelta(days=7))
    assert (again.queued, again.new_sites) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("lacks", ["consent", "attestation", "adult", "open", "on"])
def test_nothing_is_asked_without(organisation: Any, case: Case, now: Any, lacks: str) -> None:
    with tenancy.organisation(organisation.pk):
        if lacks == "consent":
            consents.withdraw(case, "text_search", "survivor", now)
        elif lacks == "on":
            setup = Setup("https://search.example")
            known.configure(organisation.pk, "searxng", setup, 50, False, "coordinator:1", now)
        else:
            change = {"attestation": {"level": "declared"}, "adult": {"age": "unknown"}, "open": {"state": "paused"}}
            Case.objects.filter(pk=case.pk).update(**change[lacks])
    service = Service(FOUND)
    assert asking.ask(organisation.pk, case.pk, service, Limits(), now) == asking.Asked()
    assert service.asked == []


@pytest.mark.django_db
def test_consent_withdrawn_between_two_questions_ends_them(organisation: Any, case: Case, now: Any) -> None:
    def withdraw() -> None:
        with tenancy.organisation(organisation.pk):
            consents.withdraw(case, "text_search", "survivor", now)

    service = Service(FOUND, during=withdraw)
    asking.ask(organisation.pk, case.pk, service, Limits(), now)
    assert len(service.asked) == 1


@pytest.mark.django_db
def test_a_day_has_its_budget(organisation: Any, case: Case, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        known.configure(organisation.pk, "searxng", Setup("https://search.example"), 1, True, "coordinator:1", now)
    days = [now, now + timedelta(hours=1), now + timedelta(days=1)]
    assert [asking.ask(organisation.pk, case.pk, Service([]), Limits(), day).asked for day in days] == [1, 0, 1]


@pytest.mark.django_db
def test_a_key_is_sealed_and_goes_into_no_audit_entry(organisation: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        with pytest.raises(SourceRefused):
            known.configure(organisation.pk, "keyed", Setup("https://search.example"), 5, True, "coordinator:1", now)
        known.configure(organisation.pk, "keyed", FULL, 5, True, "coordinator:1", now)
        setup, _row = known.configured("keyed")
        assert setup.key == "the-key"
        with connection.cursor() as cursor:
            cursor.execute("SELECT key FROM search_sourcesetup")
            assert b"the-key" not in bytes(cursor.fetchone()[0])
        assert all("the-key" not in f"{one.action} {one.subject}" for one in AuditEntry.objects.all())


@pytest.mark.django_db
def test_a_partners_links_are_taken_once_as_reports(organisation: Any, case: Case, now: Any) -> None:
    given = ["https://known.example/x", "https://known.example/x", "not an address", "https://b.example/y"]
    with tenancy.organisation(organisation.pk):
        assert partner.receive(case, given, "hotline", now) == (2, 1)
        assert partner.receive(case, given[:1], "hotline", now) == (0, 0)
        assert {row.by for row in ReportedLink.objects.all()} == {"partner:hotline"}
        case.state = Case.State.PAUSED
        assert partner.receive(case, ["https://c.example/"], "hotline", now) == (0, 0)


@pytest.mark.django_db
def test_an_onion_site_is_known_only_where_a_proxy_is_configured(now: Any) -> None:
    name = "expyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzzd.onion"
    with pytest.raises(SourceRefused):
        onion.register(name, Setup(), now)
    with pytest.raises(registry.NotASite):
        onion.register("https://clear.example/", FULL, now)
    site = onion.register(name, FULL, now)
    assert (site.domain, site.start_url) == (name, f"http://{name}/")
    assert Site.objects.get().kind == "onion"
