"""Networks over what is stored: joined by evidence, taken apart by a person's word, explained, and never by one id."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.db.models import Q

from efface.sites import contacts, hostility, mirrors, networks, registry
from efface.sites.models import ContactObservation, Evidence, Membership, NetworkEdge, NetworkRules, NetworkWord, Site
from efface.whereabouts.mirrors.engine import Mirrors
from efface.whereabouts.model import Dossier, Signal

pytestmark = pytest.mark.django_db


def others(numbers: range, now: datetime) -> list[Site]:
    """Other sites of which something is known."""
    names = [f"other{number}.example" for number in numbers]
    found = [Site(domain=name, start_url=f"https://{name}/", added_at=now) for name in names]
    Site.objects.bulk_create(found)
    Evidence.objects.bulk_create(
        Evidence(site=site, kind="dom", digest=number.to_bytes(16), first_seen=now, last_seen=now)
        for number, site in zip(numbers, found, strict=True)
    )
    return found


@pytest.fixture
def _many(db, now: datetime) -> None:
    """Among four sites nothing is rare."""
    others(range(600), now)


def made(names: str, now: datetime, number: int = 0, ids: bool = True) -> list[Site]:
    """Sites of one operator: its albums, its id and its address."""
    found = []
    for name in names.split():
        site = registry.register(f"{name}.example", now)
        if ids:
            networks.observe(site, [Signal("ga", f"G-{number}"), Signal("email", f"a@{number}.example")], now)
        for album in range(4):
            pictures = [f"{number}-{album}-{one}" for one in range(6)]
            networks.observe_album(site, f"{name}-{album}".encode(), pictures, now)
        mirrors.refresh(site.pk, now)
        site.refresh_from_db()
        found.append(site)
    return [Site.objects.get(pk=site.pk) for site in found]


def test_mirrors_are_found_and_one_notice_covers_them(_many: None, now: datetime) -> None:
    one, two, three, four = made("lake river pond sea", now)
    (stranger,) = made("stone", now, number=9)
    assert one.network_id is not None and len({site.network_id for site in (one, two, three, four)}) == 1
    assert stranger.network_id is None
    covered = {site.domain for site in networks.same(one)}
    assert covered == {"lake.example", "river.example", "pond.example", "sea.example"}
    assert networks.same(stranger) == [stranger]
    edge = NetworkEdge.objects.first()
    assert edge is not None
    assert [reason.family for reason in networks.because([edge])[0]][:1] == ["media"]
    assert {"ids", "contact"} < {reason.family for reason in networks.because([edge])[0]}


def test_what_is_stored_equals_what_a_build_from_nothing_gives(_many: None, now: datetime) -> None:
    made("lake river pond sea", now)
    made("stone rock hill", now, number=2, ids=False)
    made("lone", now, number=3)
    whole = Mirrors()
    whole.build({str(site): mirrors.stored(str(site)) for site in Site.objects.values_list("pk", flat=True)})
    expected = {joined.members for joined in whole.networks()}
    got: dict[object, set[str]] = {}
    for site in Site.objects.exclude(network=None):
        got.setdefault(site.network_id, set()).add(str(site.pk))
    assert {tuple(sorted(members)) for members in got.values()} == expected
    assert len(expected) == 2


def test_among_few_sites_nothing_is_rare_and_all_is_judged_anew_as_more_become_known(db, now: datetime) -> None:
    others(range(40), now)
    one, *_others = made("lake river pond sea", now)
    assert networks.same(one) == [one], "among forty sites four albums and an id may be everybody's"
    assert NetworkRules.objects.get().known == 64
    last, *_more = others(range(40, 600), now)
    mirrors.refresh(last.pk, now)
    assert NetworkRules.objects.get().known == 1024
    assert len(networks.same(Site.objects.get(pk=one.pk))) == 4


def test_a_planted_id_joins_nobody(_many: None, now: datetime) -> None:
    one, *_others = made("lake river pond sea", now)
    (stranger,) = made("stone", now, number=9)
    networks.observe(stranger, [Signal("ga", "G-0"), Signal("email", "a@0.example")], now)
    mirrors.refresh(stranger.pk, now)
    stranger.refresh_from_db()
    assert stranger.network_id is None and stranger not in networks.same(one)


def test_a_persons_word_wins_and_can_be_taken_back(_many: None, now: datetime) -> None:
    one, two, three, four = made("lake river pond sea", now)
    network = one.network_id
    word = networks.say(one, two, False, "the shop moved out", "lead:1", now + timedelta(hours=1))
    assert Site.objects.get(pk=one.pk).network_id != Site.objects.get(pk=two.pk).network_id
    assert two not in networks.same(Site.objects.get(pk=one.pk))
    with pytest.raises(networks.WordRefused, match="why"):
        networks.say(one, two, True, "  ", "lead:1", now)
    assert networks.take_back(word, "lead:1", now + timedelta(hours=2))
    assert not networks.take_back(word, "lead:1", now + timedelta(hours=2))
    after = Site.objects.filter(pk__in=[one.pk, two.pk, three.pk, four.pk]).values_list("network", flat=True)
    assert set(after) == {network}, "it is the same network as before"
    assert Membership.objects.filter(until=None).count() == 4 and Membership.objects.exclude(until=None).exists()
    assert NetworkWord.objects.count() == 1


def test_two_strangers_are_joined_by_word_and_a_contradiction_is_refused(db, now: datetime) -> None:
    (one,), (two,), (three,) = (made(name, now, number=place) for place, name in enumerate(("lake", "stone", "hill")))
    networks.say(one, two, True, "same company papers", "lead:1", now)
    networks.say(two, three, False, "different countries", "lead:1", now)
    with pytest.raises(networks.WordRefused, match="Take that back first"):
        networks.say(one, three, True, "looks alike", "lead:1", now)
    one.refresh_from_db()
    assert one.network_id == Site.objects.get(pk=two.pk).network_id
    assert Site.objects.get(pk=three.pk).network_id is None


def test_a_contact_that_answered_for_one_serves_all(_many: None, now: datetime) -> None:
    one, two, *_others = made("lake river pond sea", now)
    for value in ("good@lake.example", "dead@lake.example"):
        ContactObservation.objects.create(
            party_key="operator:lake.example", role="operator", channel="email", value=value, source="page-abuse",
            confidence=0.9, first_seen=now, seen_at=now,
        )  # fmt: skip
    contacts.delivery("email", "good@lake.example", "replied", now)
    contacts.delivery("email", "dead@lake.example", "hard", now)
    ((row, confidence, why),) = networks.known(two)
    assert (row.value, confidence) == ("good@lake.example", 0.54) and "lake.example" in why
    assert len(networks.known(one)) == 2
    (stranger,) = made("stone", now, number=9)
    assert networks.known(stranger) == []


def test_what_one_site_is_known_for_holds_for_all_of_its_operator(_many: None, now: datetime) -> None:
    one, two, *_others = made("lake river pond sea", now)
    (stranger,) = made("stone", now, number=9)
    contacts.note("operator:lake.example", "operator", "email", "good@lake.example", "page-abuse", 0.9, now)
    contacts.delivery("email", "good@lake.example", "complied", now)
    assert len(networks.answered(two)) == 1 and not networks.hostile(two)
    hostility.declare(one, "publishes", "it showed our notice", "lead:1", now)
    assert networks.hostile(two) and networks.answered(two) == [] and not networks.hostile(stranger)


def test_a_look_up_feeds_the_networks_and_keeps_no_signal_in_clear(db, now: datetime) -> None:
    found = [Signal("email", "jo.somebody@mail-box.net"), Signal("ga", "UA-1234567"), Signal("nonsense", "x")]
    dossier = Dossier("http://lake.example/v/1", "lake.example", "lake.example", signals=found)
    registry.register("lake.example", now)
    contacts.observe(dossier, now)
    networks.look_up(dossier, now)
    rows = {(row.kind, row.shown) for row in Evidence.objects.all()}
    assert rows == {("email", "jo…@mail-box.net"), ("ga", "UA-1234567")}
    site = Site.objects.get(domain="lake.example")
    assert "somebody" not in json.dumps(site.dossier) and "UA-1234567" not in json.dumps(site.dossier)


def test_digests_of_pictures_go_when_they_were_not_seen_for_long_and_the_rest_stays(_many: None, now: datetime) -> None:
    one, two = made("lake river", now)
    later = now + timedelta(days=181)
    networks.observe_album(two, b"new page", ["x", "y", "z"], later)
    assert networks.forget_pictures(now + timedelta(days=180)) == 0
    assert networks.forget_pictures(later) == 2 * 24
    assert not Evidence.objects.filter(site=one, kind=mirrors.PICTURE).exists()
    assert Evidence.objects.filter(site=two, kind=mirrors.PICTURE).count() == 3
    assert Evidence.objects.filter(site=one).exists(), "what tells who runs it is no picture"
    mirrors.refresh(one.pk, later)
    edge = NetworkEdge.objects.filter(Q(one=one) | Q(other=one)).first()
    assert edge is None or edge.support == 0


def test_of_one_site_every_picture_s_digest_goes_at_once(_many: None, now: datetime) -> None:
    one, two = made("lake river", now)
    assert networks.forget_site_pictures(one) == 24
    assert not Evidence.objects.filter(site=one, kind=mirrors.PICTURE).exists()
    assert Evidence.objects.filter(site=two, kind=mirrors.PICTURE).count() == 24


def test_a_site_that_shows_new_things_at_each_look_fills_nothing_and_keeps_what_was_known(now: datetime) -> None:
    (site,) = made("lake", now)
    before = Evidence.objects.filter(site=site).count()
    later = now + timedelta(days=1)
    for start in range(0, networks.MOST_EVIDENCE + 2_000, 1_000):
        networks.observe(site, [Signal("ga", f"G-{start + number}") for number in range(1_000)], later)
    kept = Evidence.objects.filter(site=site).count()
    assert before < kept <= networks.MOST_EVIDENCE + 1_000
    networks.observe(site, [Signal("ga", "G-new"), Signal("ga", "G-0")], later + timedelta(days=1))
    assert Evidence.objects.filter(site=site).count() == kept
    seen = Evidence.objects.filter(site=site, last_seen=later + timedelta(days=1))
    assert seen.count() == 1, "what was known is still seen"


def test_a_notice_covers_the_other_names_of_one_site(_many: None, now: datetime) -> None:
    one, *_ = made("lake river pond sea", now)
    alias = registry.register("alias.example", now)
    Site.objects.filter(pk=alias.pk).update(merged=one)
    alias.refresh_from_db()
    covered = {site.domain for site in networks.same(alias)}
    assert covered == {"alias.example", "lake.example", "river.example", "pond.example", "sea.example"}
    assert networks.same(alias)[0] == alias


def test_albums_of_one_visit_fill_no_more_than_there_is_room(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    (site,) = made("lake", now)
    room = networks.Room()

    def album(number: int, at: datetime) -> None:
        pictures = [f"{number:08x}{place}" for place in range(10)]
        networks.observe_album(site, b"page %d" % number, pictures, at, room)

    monkeypatch.setattr(networks, "MOST_EVIDENCE", Evidence.objects.filter(site=site).count() + 95)
    for number in range(30):
        album(number, now)
    kept = Evidence.objects.filter(site=site).count()
    assert networks.MOST_EVIDENCE <= kept < networks.MOST_EVIDENCE + 10
    later = now + timedelta(days=1)
    album(0, later)
    album(29, later)
    assert Evidence.objects.filter(site=site).count() == kept
    assert Evidence.objects.filter(site=site, last_seen=later).count() == 10, "what was known is still seen"


def test_the_same_album_looked_at_often_leaves_room_for_others(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    (site,) = made("lake", now)
    room = networks.Room()
    monkeypatch.setattr(networks, "MOST_EVIDENCE", Evidence.objects.filter(site=site).count() + 15)
    for _ in range(5):
        networks.observe_album(site, b"one", ["aa", "bb", "cc", "dd"], now, room)
    before = Evidence.objects.filter(site=site).count()
    networks.observe_album(site, b"two", ["aa", "bb"], now, room)
    assert Evidence.objects.filter(site=site).count() == before + 2
