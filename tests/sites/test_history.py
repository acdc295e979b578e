"""What people change of sites is kept, can be taken back for an hour, and never runs over what came after."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import ProgrammingError, transaction

from efface.engine.base.models import Deadline
from efface.sites import history, hostility, merging, registry
from efface.sites.models import Site, SiteChange

pytestmark = pytest.mark.django_db
BY = "lead:1"


def make(*domains: str, now: datetime) -> list[Site]:
    return [registry.register(domain, now) for domain in domains]


def of(domain: str) -> Site:
    return Site.objects.get(domain=domain)


def visits(domain: str) -> str:
    return Deadline.objects.get(kind=registry.VISIT, subject=of(domain).pk).state


def test_what_comes_before_others_comes_at_once_and_is_taken_back(now: datetime) -> None:
    [a] = make("a.example", now=now)
    later = now + timedelta(days=5)
    registry.visit_at(a.pk, later)
    done = history.edit([a.pk], {"priority": "first"}, BY, now)
    due = Deadline.objects.get(kind=registry.VISIT, subject=a.pk)
    assert of("a.example").priority == "first" and due.due == now
    registry.visit_at(a.pk, later)
    history.undo(done.batch, BY, now)
    due.refresh_from_db()
    assert of("a.example").priority == "usual" and due.due == later, "back to usual is no reason to visit"
    history.edit([a.pk], {"priority": "last"}, BY, now)
    due.refresh_from_db()
    assert due.due == later
    with pytest.raises(history.Refused):
        history.edit([a.pk], {"priority": "soon"}, BY, now)


def test_a_paused_site_that_asked_us_to_wait_is_not_visited_sooner_when_it_is_resumed(now: datetime) -> None:
    [a] = make("a.example", now=now)
    Site.objects.filter(pk=a.pk).update(backoff_until=now + timedelta(hours=12))
    registry.pause(a)
    registry.resume(a, now)
    assert Deadline.objects.get(kind=registry.VISIT, subject=a.pk).due == now + timedelta(hours=12)


def test_a_batch_is_one_row_a_difference_and_comes_back_whole(now: datetime) -> None:
    a, b, c = make("a.example", "b.example", "c.example", now=now)
    history.edit([c.pk], {"kind": "tube"}, BY, now)
    done = history.edit([a.pk, b.pk, c.pk], {"kind": "tube", "state": "paused"}, BY, now)
    assert done.changed == 3 and SiteChange.objects.filter(batch=done.batch).count() == 5
    assert visits("a.example") == "cancelled"
    back = history.undo(done.batch, BY, now + timedelta(minutes=59))
    assert (back.changed, back.kept) == (3, 0)
    assert [(one.kind, one.state) for one in Site.objects.order_by("domain")] == [
        ("unknown", "active"), ("unknown", "active"), ("tube", "active"),
    ]  # fmt: skip
    assert visits("a.example") == "waiting"
    with pytest.raises(history.Refused, match="already"):
        history.undo(done.batch, BY, now)


def test_what_changed_since_is_left_alone(now: datetime) -> None:
    a, b = make("a.example", "b.example", now=now)
    done = history.edit([a.pk, b.pk], {"kind": "tube"}, BY, now)
    history.edit([a.pk], {"kind": "forum"}, "lead:2", now)
    back = history.undo(done.batch, BY, now)
    assert (back.changed, back.kept) == (1, 1)
    assert (of("a.example").kind, of("b.example").kind) == ("forum", "unknown")


def test_not_after_an_hour(now: datetime) -> None:
    (a,) = make("a.example", now=now)
    done = history.edit([a.pk], {"kind": "tube"}, BY, now)
    with pytest.raises(history.Refused, match="hour"):
        history.undo(done.batch, BY, now + timedelta(minutes=61))


@pytest.mark.parametrize("values", [{"state": "stopped"}, {"kind": "nonsense"}, {"domain": "b.example"}])
def test_what_nobody_may_set(now: datetime, values: dict[str, str]) -> None:
    (a,) = make("a.example", now=now)
    with pytest.raises(history.Refused):
        history.edit([a.pk], values, BY, now)


def test_a_stopped_site_is_not_started_from_here(now: datetime) -> None:
    (a,) = make("a.example", now=now)
    Site.objects.update(state="stopped")
    history.edit([a.pk], {"state": "active"}, BY, now)
    history.accept(of("a.example"), BY, now)
    assert of("a.example").state == "stopped"


def test_history_cannot_be_rewritten(now: datetime) -> None:
    (a,) = make("a.example", now=now)
    history.edit([a.pk], {"kind": "tube"}, BY, now)
    for verb in (lambda: SiteChange.objects.update(by="nobody"), lambda: SiteChange.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            verb()


def test_undoing_a_judgement_gives_back_the_reason_that_stood_before(now: datetime) -> None:
    (a,) = make("a.example", now=now)
    hostility.declare(a, "doxxes", "exposed a helper", BY, now)
    before = of("a.example").hostility_why
    done = history.edit([a.pk], {"hostility": "cooperative"}, BY, now, why="slip of the hand")
    history.undo(done.batch, BY, now)
    assert (of("a.example").hostility, of("a.example").hostility_why) == ("doxxes", before)


def test_discovered_sites_wait_and_are_not_visited(now: datetime) -> None:
    site = registry.discover("http://www.new.example/x?y", "redirect", now)
    assert site is not None and (site.domain, site.review, site.state) == ("new.example", "new", "paused")
    assert registry.discover("new.example", "link", now) is None
    assert not Deadline.objects.filter(kind=registry.VISIT).exists()
    assert Deadline.objects.filter(kind=registry.LOOKUP, subject=site.pk).exists(), "its first dossier is on its way"
    history.accept(site, BY, now)
    assert (of("new.example").review, of("new.example").state, visits("new.example")) == (
        "accepted", "active", "waiting",
    )  # fmt: skip
    history.ignore(of("new.example"), BY, now)
    assert (of("new.example").review, of("new.example").state) == ("ignored", "paused")


def test_a_reported_site_waits_for_a_word_but_is_visited_meanwhile(now: datetime) -> None:
    site = registry.register("a.example", now, "report")
    assert (site.review, site.state, visits("a.example")) == ("new", "active", "waiting")


def test_links_cannot_bury_the_queue(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MOST_WAITING", 2)
    found = [registry.discover(f"n{n}.example", "link", now) for n in range(4)]
    assert [one is not None for one in found] == [True, True, False, False]


def test_merged_and_split_again_exactly(now: datetime) -> None:
    a, b, c = make("a.example", "b.example", "c.example", now=now)
    merging.merge(c, b, BY, now)
    merging.merge(of("b.example"), a, BY, now, "same pages")
    assert of("b.example").merged == a and of("c.example").merged == a
    assert (of("b.example").state, visits("b.example")) == ("paused", "cancelled")
    assert registry.find("https://www.b.example/") == a
    for wrong in ((a, a), (of("b.example"), of("a.example")), (a, of("b.example"))):
        with pytest.raises(history.Refused):
            merging.merge(*wrong, BY, now)
    merging.split(of("b.example"), BY, now)
    assert (of("b.example").merged, of("b.example").state, visits("b.example")) == (None, "active", "waiting")
    assert of("c.example").merged == a
    with pytest.raises(history.Refused):
        merging.split(of("b.example"), BY, now)
    assert list(SiteChange.objects.filter(site=b, what="merged").order_by("pk").values_list("before", "after")) == [
        (None, "a.example"), ("a.example", None),
    ]  # fmt: skip


def test_a_site_paused_before_it_was_merged_stays_paused_after_the_split(now: datetime) -> None:
    a, b = make("a.example", "b.example", now=now)
    registry.pause(b)
    merging.merge(b, a, BY, now)
    merging.split(of("b.example"), BY, now)
    assert of("b.example").state == "paused"


@pytest.mark.parametrize("worse", ["a.example", "b.example"])
def test_hostility_of_one_holds_for_both_and_outlives_the_split(now: datetime, worse: str) -> None:
    make("a.example", "b.example", now=now)
    hostility.declare(of(worse), "publishes", "showed our notice", BY, now)
    merging.merge(of("b.example"), of("a.example"), BY, now)
    assert {one.hostility for one in Site.objects.all()} == {"publishes"}
    merging.split(of("b.example"), BY, now)
    assert {one.hostility for one in Site.objects.all()} == {"publishes"}, "nobody is written to by mistake"


def test_a_word_on_an_alias_is_a_word_on_its_site(now: datetime) -> None:
    a, b = make("a.example", "b.example", now=now)
    merging.merge(b, a, BY, now)
    assert hostility.judge(of("b.example"), "Paid removal: $299 per picture", now)
    assert {one.hostility for one in Site.objects.all()} == {"extortionate"}
    history.edit([a.pk], {"hostility": "doxxes"}, BY, now, why="exposed a helper")
    assert {one.hostility for one in Site.objects.all()} == {"doxxes"}
