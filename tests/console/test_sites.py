"""Sites in the console: found, judged, merged, changed together and taken back; hostile input shows as what it is."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from typing import Any

import pytest

from efface.engine.base import clock, text
from efface.sites import contacts, finding, history, hostility, learning, registry
from efface.sites.models import ContactObservation, Delivery, Network, NetworkEdge, Site, SiteChange
from tests import people
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(organisation: Any, now: Any) -> dict[str, Any]:
    return {role: people.signed_in(people.worker(organisation, role)) for role in ("caseworker", "lead", "coordinator")}


def many(count: int, **more: Any) -> list[Site]:
    from efface.sites.models import grams

    rows = [Site(domain=f"s{n:05d}.example", start_url="x", added_at=NOON, grams=grams(f"s{n:05d}.example"), **more)
            for n in range(count)]  # fmt: skip
    return Site.objects.bulk_create(rows)


def shown(answer: Any) -> list[str]:
    return [row["site"].domain for row in answer.context["sites"]]


@pytest.mark.parametrize("order", finding.ORDERS)
def test_pages_follow_each_other_without_gap_or_double(desk: Any, order: str) -> None:
    for n, one in enumerate(many(137)):
        looked = None if n % 5 == 0 else NOON - timedelta(hours=n % 7)
        Site.objects.filter(pk=one.pk).update(looked_up_at=looked, added_at=NOON - timedelta(days=n % 3))
    met: list[str] = []
    after = ""
    for _ in range(5):
        answer = desk["caseworker"].get("/console/sites/", {"order": order, "after": after})
        met += shown(answer)
        after = answer.context["next"]
        if not after:
            break
    everything = list(finding.rows(finding.Filter(order=order), NOON).values_list("domain", flat=True))
    assert met == everything and len(set(met)) == 137


def test_filters_are_the_address(desk: Any, now: Any) -> None:
    a, b, c = many(3)
    network = Network.objects.create(name="N", created=NOON)
    Site.objects.filter(pk=a.pk).update(kind="tube", network=network, looked_up_at=NOON, covered=True)
    Site.objects.filter(pk=b.pk).update(hostility="doxxes", state="paused", looked_up_at=NOON - timedelta(days=31))
    for query, wanted in (
        ("kind=tube", [a]), ("hostility=doxxes", [b]), ("state=paused", [b]), (f"network={network.pk}", [a]),
        ("fresh=never", [c]), ("fresh=old", [b]), ("fresh=fresh", [a]), ("covered=yes", [a]), ("covered=no", [b, c]),
        ("kind=tube&state=paused", []), ("kind=nonsense", [a, b, c]), ("network=x", [a, b, c]),
        ("after=%00", [a, b, c]),
        ("words=%00s00002", [c]),
    ):  # fmt: skip
        answer = desk["lead"].get(f"/console/sites/?{query}")
        assert shown(answer) == [one.domain for one in wanted], query
        if answer.context["filter"].narrows and wanted:
            assert shown(desk["lead"].get(f"/console/sites/?{answer.context['query']}")) == shown(answer)


def test_words_find_parts_and_what_was_perhaps_meant(desk: Any, now: Any) -> None:
    for domain in ("quiet-lake.example", "lakeside.example", "xn--bcher-kva.example", "other.example"):
        registry.register(domain, now)
    get = desk["caseworker"].get
    assert shown(get("/console/sites/?words=lake")) == ["lakeside.example", "quiet-lake.example"]
    assert shown(get("/console/sites/?words=ak")) == ["lakeside.example", "quiet-lake.example"]
    assert shown(get("/console/sites/?words=bücher.example")) == ["xn--bcher-kva.example"]
    assert shown(get("/console/sites/?words=100%25_")) == []
    missed = get("/console/sites/?words=quietlake.example")
    assert [one.domain for one in missed.context["near"]] == ["quiet-lake.example"]


def test_many_are_changed_after_their_number_was_read_and_come_back(desk: Any) -> None:
    rows = many(120)
    post = desk["lead"].post
    asked = post("/console/sites/change/", {"scope": "all", "words": "s0000", "set_kind": "tube"})
    assert asked.status_code == 200 and asked.context["count"] == 10
    assert not SiteChange.objects.exists(), "asked first"
    wrong = post("/console/sites/change/", {"scope": "all", "words": "s0000", "set_kind": "tube", "confirmed": "9"})
    assert wrong.status_code == 422 and not SiteChange.objects.exists()
    done = post("/console/sites/change/", {"scope": "all", "words": "s0000", "set_kind": "tube", "confirmed": "10"},
                follow=True)  # fmt: skip
    assert b"10 sites changed" in done.content and Site.objects.filter(kind="tube").count() == 10
    batch = done.context["undo"]["batch"]
    assert b"are as they were" in post(f"/console/sites/undo/{batch}/", follow=True).content
    assert not Site.objects.filter(kind="tube").exists()
    chosen = post("/console/sites/change/", {"scope": "chosen", "site": [rows[0].pk, "x"], "set_state": "paused"})
    assert chosen.context["count"] == 1
    page = post("/console/sites/change/", {"scope": "page", "page": [one.pk for one in rows[:50]], "set_kind": "blog"})
    assert page.context["count"] == 50


def test_a_site_is_put_before_others_and_back(desk: Any, now: Any) -> None:
    [one] = many(1)
    lead, page = desk["lead"], f"/console/sites/{one.pk}/"
    assert b"as every site" in lead.get(page).content
    said = lead.post(f"{page}edit/", {"priority": "first"}, follow=True)
    assert b"before others" in said.content and Site.objects.get(pk=one.pk).priority == "first"
    assert b"as every site \xe2\x86\x92 before others" in said.content, "it stands in what changed"
    lead.post(f"/console/sites/undo/{said.context['undo']['batch']}/")
    assert Site.objects.get(pk=one.pk).priority == "usual"
    asked = lead.post("/console/sites/change/", {"scope": "chosen", "site": [one.pk], "set_priority": "last"})
    assert b"after others" in asked.content and b"Visited" in asked.content
    assert lead.post(f"{page}edit/", {"priority": "at once"}).status_code == 422
    assert desk["caseworker"].post(f"{page}edit/", {"priority": "last"}).status_code in (403, 404)
    assert Site.objects.get(pk=one.pk).priority == "usual"


def test_a_judgement_of_many_needs_its_reason(desk: Any) -> None:
    many(3)
    given = {"scope": "all", "set_hostility": "publishes", "confirmed": "3"}
    assert desk["lead"].post("/console/sites/change/", given).status_code == 422
    desk["lead"].post("/console/sites/change/", {**given, "why": "showed notices"})
    assert Site.objects.filter(hostility="publishes", hostility_why="showed notices").count() == 3


def test_nobody_undoes_after_an_hour(desk: Any, now: Any) -> None:
    many(2)
    desk["lead"].post("/console/sites/change/", {"scope": "all", "set_kind": "tube", "confirmed": "2"})
    batch = SiteChange.objects.latest("at").batch
    with clock.fixed(NOON + timedelta(hours=2)):
        assert desk["lead"].get("/console/sites/").context["undo"] is None
        assert b"more than an hour" in desk["lead"].post(f"/console/sites/undo/{batch}/", follow=True).content
    assert Site.objects.filter(kind="tube").count() == 2


def test_a_caseworker_sees_and_adds_and_changes_nothing(desk: Any, now: Any) -> None:
    post = desk["caseworker"].post
    assert post("/console/sites/add/", {"address": "https://www.new.example/x"}).status_code == 302
    site = Site.objects.get(domain="new.example")
    for path in (f"{site.pk}/edit", f"{site.pk}/merge", f"{site.pk}/split", "import", "change", f"undo/{site.pk}"):
        assert post(f"/console/sites/{path}/", {"set_kind": "tube", "scope": "all"}).status_code == 403
    page = desk["caseworker"].get(f"/console/sites/{site.pk}/").content
    assert b'id="edit"' not in page and b"Look it up again" in page
    found = registry.discover("met.example", "link", now)
    assert found is not None
    assert post(f"/console/sites/new/{found.pk}/", {"choice": "ignore"}).status_code == 403
    assert post(f"/console/sites/new/{found.pk}/", {"choice": "accept"}).status_code == 302
    assert Site.objects.get(pk=found.pk).review == "accepted"


def test_a_discovered_site_says_whose_it_is_likely_to_be(desk: Any, now: Any) -> None:
    found, known = registry.discover("met.example", "link", now), registry.register("known.example", now)
    assert found is not None
    assert b"likely run by" not in desk["caseworker"].get("/console/sites/new/").content
    one, two = sorted([found, known], key=lambda site: site.pk)
    NetworkEdge.objects.create(one=one, other=two, brings=[], because=[], band="likely")
    assert b"likely run by whoever runs known.example" in desk["caseworker"].get("/console/sites/new/").content


def test_the_discovery_queue_is_answered_once(desk: Any, now: Any) -> None:
    found = registry.discover("met.example", "redirect", now)
    assert found is not None
    page = desk["lead"].get("/console/sites/new/")
    assert b"met.example" in page.content and b"a redirect led there" in page.content
    desk["lead"].post(f"/console/sites/new/{found.pk}/", {"choice": "ignore"})
    again = desk["lead"].post(f"/console/sites/new/{found.pk}/", {"choice": "accept"}, follow=True)
    assert b"answered this already" in again.content and Site.objects.get().review == "ignored"


def looked_up(now: Any) -> Site:
    site = registry.register("pаypal.example", now)
    party = {"key": "host:AS64500", "role": "host", "name": "=cmd|' /C calc'!A0", "reasons": ["\u202egnipoh"],
             "covers": ["xn--pypal-4ve.example"]}  # fmt: skip
    Site.objects.filter(pk=site.pk).update(dossier={"host": site.domain, "parties": [party]}, looked_up_at=now)
    row = contacts.note("host:AS64500", "host", "email", "abuse@host.example", "rdap", 0.9, now)
    ContactObservation.objects.filter(pk=row.pk).update(seen=3)
    Delivery.objects.create(channel="email", value="abuse@host.example", state="replied", at=now)
    return site


def test_a_dossier_shows_each_contact_with_what_it_stands_on(desk: Any, now: Any) -> None:
    import uuid

    site = looked_up(now)
    for number in range(8):
        notice = uuid.uuid4()
        learning.sent(notice, "email", "abuse@host.example", "host", "x", "en", now - timedelta(days=60))
        if number < 3:
            learning.removed(notice, 48)
    page = desk["caseworker"].get(f"/console/sites/{site.pk}/").content.decode()
    assert "3 of 8" in page and "14 to 69 %" in page, "never a share without its n and its bounds"
    assert "3 times" in page and "rdap" in page and "replied" in page
    assert "xn--pypal-4ve.example" in page and "reads “pаypal.example”" in page
    assert "\u202e" not in page and "gnipoh" in page


def test_merging_and_splitting_by_hand(desk: Any, now: Any) -> None:
    a, b = registry.register("a.example", now), registry.register("b.example", now)
    hostility.declare(b, "extortionate", "asked for money", "lead:1", now)
    post = desk["coordinator"].post
    assert post(f"/console/sites/{a.pk}/merge/", {"into": "unknown.example"}).status_code == 422
    assert post(f"/console/sites/{a.pk}/merge/", {"into": "127.0.0.1"}).status_code == 422
    post(f"/console/sites/{a.pk}/merge/", {"into": "https://b.example/"})
    page = desk["lead"].get(f"/console/sites/{a.pk}/").content.decode()
    assert "Another domain of" in page and "Never write to whoever runs it" in page
    post(f"/console/sites/{a.pk}/split/")
    assert Site.objects.get(pk=a.pk).merged is None


def test_csv_is_no_formula(desk: Any, now: Any) -> None:
    site = registry.register("a.example", now)
    Site.objects.filter(pk=site.pk).update(network=Network.objects.create(name='=HYPERLINK("http://x")', created=now))
    registry.register("b.example", now)
    answer = desk["caseworker"].get("/console/sites/table/?words=a.ex")
    told = answer.content.decode("utf-8-sig")
    assert answer["Content-Type"].startswith("text/csv") and len(told.splitlines()) == 2
    assert '"\'=HYPERLINK(""http://x"")"' in told
    for cell in ("=1", "+1", "-1", "@x", "\t=1", " =1", "|x", "%x"):
        assert text.cell(cell).startswith("'"), cell
    assert text.cell("a\u202eb\n=c") == "a b\n=c"


def upload(client: Any, data: bytes, choice: str = "take", path: str = "/console/sites/import/", **more: str) -> Any:
    file = io.BytesIO(data)
    file.name = "list.csv"
    return client.post(path, {"file": file, "choice": choice, **more})


def test_a_list_is_tried_then_taken_in(desk: Any) -> None:
    data = b"url,type\nhttp://a.example/,tube\nnonsense,\n<script>alert(1)</script>,\n"
    tried = upload(desk["lead"], data, "try")
    assert tried.context["report"].added == 1 and not Site.objects.exists()
    assert b"Line 3:" in tried.content and b"<script>alert" not in tried.content
    assert upload(desk["lead"], data).context["report"].added == 1
    assert Site.objects.get().kind == "tube"


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"PK\x03\x04" + b"\0" * 500, b"ZIP"), (b"[" * 100_000, b"nested"), (b"", b"file"),
     (b"a" * 13_000_000, b"larger than 12"), (b"a" * 100_000_000, b"larger than 12")],
    ids=["zip", "deep", "empty", "13 MB", "100 MB"],
)  # fmt: skip
def test_what_is_no_list_is_refused_and_nothing_is_lost(desk: Any, now: Any, data: bytes, words: bytes) -> None:
    registry.register("a.example", now)
    answer = upload(desk["lead"], data)
    assert answer.status_code == 422 and words in answer.content
    assert Site.objects.count() == 1


def test_facts_are_given_compared_taken_in_and_withdrawn(desk: Any, now: Any) -> None:
    site = looked_up(now)
    hostility.declare(site, "doxxes", "exposed Subject A", "lead:1", now)
    client = desk["coordinator"]
    data = client.post("/console/sites/facts/give/").content
    assert b"Subject A" not in data and b"abuse@host.example" in data
    history.edit([site.pk], {"hostility": "unknown"}, "lead:1", now)
    path = "/console/sites/facts/"
    first = upload(client, data, path=path)
    assert first.status_code == 422 and first.context["print"] and b"is not known here" in first.content
    wrong = upload(client, data, path=path, fingerprint="ab" * 32)
    assert wrong.status_code == 422 and Site.objects.get().hostility == "unknown"
    done = upload(client, data, path=path, fingerprint=first.context["print"])
    assert done.status_code == 302 and Site.objects.get().hostility == "doxxes"
    taken = client.get(path).context["imports"][0]
    client.post(f"/console/sites/facts/{taken.pk}/withdraw/")
    assert Site.objects.get().hostility == "unknown"


@pytest.mark.slow
def test_fifty_thousand_sites_stay_pleasant(desk: Any, now: Any) -> None:
    """Every page of the registry at 50,000 sites: under 300 ms of server time, and few questions to the database."""
    import time

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from efface.net.sitelist import parse
    from efface.sites import importing
    from tests.conftest import role

    words = ("quiet", "lake", "tube", "leak", "video", "north", "river", "blue", "stone", "photo", "share", "dark")
    names = (f"{words[n % 12]}{words[n // 12 % 12]}{n}.{('example', 'test', 'invalid')[n % 3]}" for n in range(50_000))
    report = importing.take_in(parse("\n".join(names).encode()), "lead:1", now)
    print(f"\n50,000 sites taken in in {report.seconds:.1f} s")  # noqa: T201
    assert report.added == 50_000
    with connection.cursor() as cursor:
        # One pass: a join of the table with itself, of which the database knows no figures yet, can take an hour.
        update = (
            "UPDATE sites_site SET kind = (%s::text[])[1 + {n} %% 11],"
            " state = CASE WHEN {n} %% 9 = 0 THEN 'paused' ELSE state END,"
            " hostility = CASE WHEN {n} %% 20 = 0 THEN (%s::text[])[1 + {n} %% 6] ELSE 'unknown' END,"
            " covered = {n} %% 3 > 0, review = CASE WHEN {n} %% 100 = 0 THEN 'new' ELSE review END,"
            " looked_up_at = CASE WHEN {n} %% 10 = 0 THEN NULL ELSE %s - make_interval(hours => {n} %% 2000) END,"
            " added_at = %s - make_interval(mins => {n})"
        )
        number = "substring(domain from '[0-9]+')::int"
        cursor.execute(update.replace("{n}", number), [Site.Kind.values, Site.Hostility.values, NOON, NOON])
    with role("efface_owner"), connection.cursor() as cursor:
        # As after the database's own tidying up, which does not run inside a test.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("CLUSTER sites_site USING site_added")
        cursor.execute("ANALYZE sites_site")
    lead, slow = desk["lead"], []
    # Where more processes want a core than there are cores, each takes that much longer.
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"cores wanted for each that is there: {busy:.1f}")  # noqa: T201
    some = Site.objects.order_by("domain")[25_000]
    pages = {
        "registry": "", "search": "?words=lakeriver", "search, two letters": "?words=ks",
        "nothing found": "?words=lakerivver",
        "filters": "?kind=tube&hostility=doxxes&state=active", "newest": "?order=-added_at",
        "longest not looked up": "?order=looked_up_at", "old": "?fresh=old&covered=no",
        "page in the middle": f"?after={finding.mark_of(some, 'domain')}",
        "middle by time": f"?order=-looked_up_at&after={finding.mark_of(some, '-looked_up_at')}",
        "discovered": "new/", "site": f"{some.pk}/",
    }  # fmt: skip
    for name, query in pages.items():
        url = f"/console/sites/{query}"
        lead.get(url)
        times: list[float] = []
        walls: list[float] = []
        for _ in range(5):
            began, own = time.monotonic(), time.process_time()
            with CaptureQueriesContext(connection) as asked:
                answer = lead.get(url)
            # What the page costs: this process's own work and the database's; not what else the machine does.
            database = sum(float(one["time"]) for one in asked.captured_queries)
            times.append((time.process_time() - own + database) * 1000)
            walls.append((time.monotonic() - began) * 1000)
            assert answer.status_code == 200, url
        middle = sorted(times)[2]
        print(f"{name}: {middle:.0f} ms (by the wall clock {sorted(walls)[2]:.0f}), {len(asked)} queries")  # noqa: T201
        if middle >= 300 * busy or len(asked) > 25:
            slow.append((name, times, len(asked)))
    assert not slow, slow
    began = time.monotonic()
    assert len(lead.get("/console/sites/table/").content.splitlines()) == 50_001
    print(f"CSV of all: {time.monotonic() - began:.1f} s")  # noqa: T201
    given = {"scope": "all", "kind": "tube", "set_state": "paused"}
    count = lead.post("/console/sites/change/", given).context["count"]
    began = time.monotonic()
    lead.post("/console/sites/change/", {**given, "confirmed": str(count)})
    print(f"{count} changed together: {time.monotonic() - began:.1f} s")  # noqa: T201
    began = time.monotonic()
    lead.post(f"/console/sites/undo/{SiteChange.objects.latest('pk').batch}/")
    print(f"taken back: {time.monotonic() - began:.1f} s")  # noqa: T201
