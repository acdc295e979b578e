"""The console on a full database: server time and questions to the database of its pages, by seed.

Everything goes through Django's own test client in this process: middleware, session, row security and templates
included, the network left out. Keys of cases are forgotten before each request, as after half a minute of quiet.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.installed import NOW, become, installation, statement

EACH = 2000
FINDINGS, EVENTS, CHECKS = 10, 50, 2
"""Of an ordinary case; one in five hundred has twenty times as much."""
LARGE, LARGE_EVERY = 20, 500
SITES = 2000
NETWORKS, REFERRED, PAGES_A_SITE = 100, 40, 100
WAITING = {"match": 4000, "draft": 3000, "prepared": 500, "reply": 500, "message": 300, "age": 500, "conflict": 200,
           "link": 200, "stuck": 300}  # fmt: skip


class OtherRows(ValueError):
    """The kept database was filled with another number of cases or another seed."""


def run(
    cases: int = 10_000, rounds: int = 60, seed: int = 5, keep: Path | None = None, only: str = ""
) -> dict[str, Any]:
    """``p95_ms`` and ``queries`` (the most of any round) by page, and what ``measure`` adds; ``cases``, ``findings``,
    ``events`` and other ``rows`` that were there; ``filled_s``; ``counting``: the nightly count of the statistics. In
    the folder ``keep`` the database is left, and measured again. Raises ``OtherRows``."""
    with installation(keep) as place:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        began = time.perf_counter()
        become("efface_app")
        filled, mark, wanted = Filled(place.organisation, cases, seed), place.folder / "filled.json", [cases, seed]
        if mark.exists():
            if (found := json.loads(mark.read_text("utf-8"))) != wanted:
                raise OtherRows(f"{place.folder} holds {found[0]} cases of seed {found[1]}; take another folder")
            filled.again()
        else:
            filled.fill()
            statement("ANALYZE")
            mark.write_text(json.dumps(wanted), "utf-8")
        took = time.perf_counter() - began
        _say(f"filled in {took:.0f} s")
        rows = filled.counts()
        return {"cases": rows["case"], "findings": rows["finding"], "events": rows["caseevent"], "seed": seed,
                "rounds": rounds, "filled_s": round(took, 1), "rows": rows, "counting": count(place.organisation),
                **measure(filled, rounds, seed, only)}  # fmt: skip


class Filled:
    """An organisation as years of work leave it. No picture, no name; addresses are of made-up sites."""

    def __init__(self, organisation: uuid.UUID, cases: int, seed: int) -> None:
        self.organisation, self.number, self.random = organisation, cases, random.Random(seed)
        self.cases: list[Any] = []
        self.sites: list[Any] = []
        self.findings: list[tuple[uuid.UUID, uuid.UUID]] = []
        self.networks: list[uuid.UUID] = []
        self.referrals: list[uuid.UUID] = []
        self.lead: Any = None
        self.investigator: Any = None

    def fill(self) -> None:
        from efface.engine.base import clock, tenancy

        with clock.fixed(NOW), tenancy.organisation(self.organisation):
            self._people()
            self._sites()
            self._cases()
        whole = [case for case in self.cases if self._is_whole(case)]
        for begin in range(0, len(whole), 100):
            with clock.fixed(NOW), tenancy.organisation(self.organisation):
                self._work(whole[begin : begin + 100])
        _say(f"{len(whole)} whole cases")
        self._multiply(whole[0])
        with clock.fixed(NOW), tenancy.organisation(self.organisation):
            self._waiting()
            self._networks()
            self._referrals()
        self._pages_known()

    def again(self) -> None:
        """What ``fill`` left in a database that was kept."""
        from efface.accounts.models import Member
        from efface.cases.models import Case
        from efface.engine.base import tenancy
        from efface.evidence.models import Referral
        from efface.sites.models import Network, Site

        with tenancy.organisation(self.organisation):
            members = Member.objects.select_related("user").order_by("pk")
            self.lead, self.investigator = (members.filter(role=role)[0] for role in ("lead", "investigator"))
            self.networks = list(Network.objects.order_by("pk").values_list("pk", flat=True))
            self.referrals = list(Referral.objects.order_by("pk").values_list("pk", flat=True))
            self.cases = list(Case.objects.filter(reference__startswith="B").order_by("reference"))
            self.sites = list(Site.objects.filter(domain__startswith="s").order_by("domain"))

    @staticmethod
    def _is_whole(case: Any) -> bool:
        """One in ten, with everything that is sealed; of the others only the rows are there, and no page shows them."""
        return int(case.reference[1:]) % 20 in (1, 7)

    def _multiply(self, like: Any) -> None:
        """The rows of all other cases, made by the database from those of one."""
        from efface.cases.models import CaseEvent
        from efface.search.models import Finding, Match
        from efface.takedown.models import Check, Notice, Route

        number = "substr(c.reference, 2)::int % 20 NOT IN (1, 7)"
        number = f"CASE WHEN c.reference ~ '^B[0-9]+$' THEN {number} ELSE false END"
        ids = ", ".join(f"gen_random_uuid() AS {name}" for name in ("match", "finding", "route", "later"))
        statement(
            f"CREATE TABLE bench_made AS SELECT c.id AS case_id, c.opened_at AS at, n, {ids} FROM cases_case c"
            f" CROSS JOIN generate_series(1, {FINDINGS}) n WHERE {number}"
        )
        digest = "decode(md5(m.match::text) || md5(m.finding::text), 'hex')"
        finding = {"finding_id": "m.finding", "case_id": "m.case_id"}
        _clone(Match, like, {"id": "m.match", "page_digest": digest, "made_at": "m.at"})
        _clone(Finding, like, {"id": "m.finding", "match_id": "m.match", "confirmed_at": "m.at"})
        _clone(Route, like, finding | {"id": "m.route", "position": "1", "party_key": "'host:1'"})
        _clone(Route, like, finding | {"id": "m.later", "position": "2", "party_key": "'host:2'", "state": "'planned'"})
        _clone(Notice, like, finding | {"route_id": "m.route", "reference": "substr(md5(m.route::text), 1, 14)"})
        for _step in range(CHECKS):
            _clone(Check, like, finding | {"at": "m.at"})
        for _event in range(EVENTS // FINDINGS):
            _clone(CaseEvent, like, {"at": "m.at"})
        statement("DROP TABLE bench_made")
        _say("the rows of all others")

    def counts(self) -> dict[str, int]:
        from efface.cases.models import Case, CaseEvent
        from efface.engine.base import tenancy
        from efface.search.models import Finding, Match
        from efface.takedown.models import Check, Notice, Route

        with tenancy.organisation(self.organisation):
            models: tuple[Any, ...] = (Case, Finding, Match, CaseEvent, Route, Notice, Check)
            return {model._meta.model_name: model.objects.count() for model in models}

    def _people(self) -> None:
        from efface.accounts.models import Member, User

        for number in range(40):
            user = User.objects.create_user(f"w{number}@desk.example", None, name=f"Worker {number}", created=NOW)
            role = "lead" if number < 2 else "caseworker"
            member = Member.objects.create(organisation_id=self.organisation, user=user, role=role)
            self.lead = self.lead or member
        user = User.objects.create_user("police@desk.example", None, name="Investigator", created=NOW)
        self.investigator = Member.objects.create(organisation_id=self.organisation, user=user, role="investigator")
        self.users = list(Member.objects.exclude(user=user).order_by("pk").values_list("user_id", flat=True))

    def _sites(self) -> None:
        from efface.sites.models import Site

        rows = [
            Site(domain=f"s{n:05}.example", start_url=f"https://s{n:05}.example/", added_at=NOW,
                 hostility="cooperative" if n % 5 else "unknown")
            for n in range(SITES)
        ]  # fmt: skip
        self.sites = Site.objects.bulk_create(rows, EACH)

    def _cases(self) -> None:
        from efface.cases.models import Case, Consent
        from efface.engine.base import sealing

        rows = []
        for n in range(self.number):
            at = NOW - timedelta(days=self.random.randint(1, 900))
            rows.append(
                Case(organisation_id=self.organisation, reference=f"B{n:07}", state="open" if n % 4 else "closed",
                     age="adult", danger=n % 200 == 1, country="DE", opened_at=at,
                     worker_id=self.users[n % len(self.users)] if n % 10 else None)
            )  # fmt: skip
        for row in rows:
            sealing.make_case_key(row.pk, self.organisation)
        self.cases = Case.objects.bulk_create(rows, EACH)
        until = NOW + timedelta(days=300)
        Consent.objects.bulk_create(
            (
                Consent(organisation_id=self.organisation, case=case, purpose=purpose, given_at=case.opened_at,
                        expires_at=until)
                for case in rows for purpose in ("hash_match", "notify", "contact_operator", "statistics")
            ),
            EACH,
        )  # fmt: skip

    def _work(self, cases: list[Any]) -> None:
        from efface.cases.models import CaseEvent
        from efface.engine.base import sealing
        from efface.search.models import Finding, Match
        from efface.takedown.models import Check

        sealing.hold_case_keys([case.pk for case in cases])
        matches, findings, routes, notices, checks, events = [], [], [], [], [], []
        for case in cases:
            share = LARGE if int(case.reference[1:]) % LARGE_EVERY == 7 else 1
            owned = {"organisation_id": self.organisation, "case": case}
            for n in range(FINDINGS * share):
                site = self.sites[self.random.randrange(SITES)]
                url = f"https://{site.domain}/v/{case.reference}-{n}"
                digest = hashlib.sha256(url.encode()).digest()
                match = Match(**owned, page_digest=digest, kind="pdq", score=4, strong=True, state="confirmed",
                              made_at=case.opened_at, decided_at=case.opened_at, page_url=url)  # fmt: skip
                finding = Finding(**owned, match=match, site=site, age="adult", page_url=url,
                                  state=self.random.choice(("live", "gone-confirmed", "gone-confirmed", "partial")),
                                  confirmed_at=case.opened_at + timedelta(hours=n))  # fmt: skip
                route = self._route(owned, finding, 1, "done")
                matches.append(match)
                findings.append(finding)
                routes += [route, self._route(owned, finding, 2, "planned")]
                notices.append(self._notice(owned, finding, route, "sent"))
                self.findings.append((case.pk, finding.pk))
                for step in range(CHECKS):
                    checks.append(
                        Check(**owned, finding=finding, episode=1, at=case.opened_at + timedelta(days=step + 1), row=2,
                              state="live", reason="The page still serves the picture.", control_ok=True)
                    )  # fmt: skip
            for n in range(EVENTS * share):
                at = case.opened_at + timedelta(minutes=n)
                events.append(
                    CaseEvent(**owned, kind="check.made" if n % 2 else "notice.sent", actor="engine",
                                        subject=uuid.uuid4(), at=at, data={"verdict": "live"} if n % 2 else None)
                )  # fmt: skip
        kinds: tuple[list[Any], ...] = (matches, findings, routes, notices, checks, events)
        for rows in kinds:
            type(rows[0]).objects.bulk_create(rows, EACH)

    def _route(self, owned: dict[str, Any], finding: Any, position: int, state: str) -> Any:
        from efface.takedown.models import Route

        return Route(**owned, finding=finding, episode=1, position=position, party_key=f"host:{position}", role="host",
                     party_name="Example Hosting", channel="email", contact="abuse@host.example",
                     notice_type="eu_dsa_art16", why="It hosts the page.", exposure="recipient_only",
                     planned_at=NOW, starts_at=NOW - timedelta(days=self.random.randint(1, 40)),
                     state=state)  # fmt: skip

    def _notice(self, owned: dict[str, Any], finding: Any, route: Any, state: str) -> Any:
        from efface.takedown.models import Notice

        sent = NOW - timedelta(days=30) if state == "sent" else None
        return Notice(**owned, route=route, finding=finding, reference=uuid.uuid4().hex[:14].upper(),
                      notice_type="eu_dsa_art16", template="eu_dsa_art16/en/1", language="en", channel="email",
                      contact="abuse@host.example", state=state, drafted_at=NOW - timedelta(days=31), sent_at=sent,
                      subject_line="Notice of illegal content", text="The complete text.\n" * 40)  # fmt: skip

    def _waiting(self) -> None:
        from efface.cases.models import CaseEvent, Message, ReportedLink
        from efface.engine.base import sealing
        from efface.search.models import Finding, Match, Media, Sighting
        from efface.takedown.models import Inbound, Notice, Route

        open_cases = [case for case in self.cases if case.state == "open" and self._is_whole(case)]
        by_pk = {case.pk: case for case in open_cases}
        for begin in range(0, len(open_cases), 1500):
            sealing.hold_case_keys([case.pk for case in open_cases[begin : begin + 1500]])
        media = Media.objects.bulk_create([
            Media(sha256=hashlib.sha256(b"%d" % n).digest(), width=800, height=600, first_seen=NOW, last_seen=NOW)
            for n in range(WAITING["match"])
        ], EACH)  # fmt: skip
        sightings, matches = [], []
        for n, one in enumerate(media):
            case, site = open_cases[n % len(open_cases)], self.sites[n % SITES]
            url = f"https://{site.domain}/w/{n}"
            digest = hashlib.sha256(url.encode()).digest()
            sighting = Sighting(media=one, site=site, page_digest=digest, media_digest=digest, page_url=url,
                                media_url=url + ".jpg", first_seen=NOW, last_seen=NOW)  # fmt: skip
            sightings.append(sighting)
            reason = {"kind": "pdq", "fingerprint": str(uuid.uuid4()), "sighting": str(sighting.pk), "role": "media",
                      "distance": 6, "threshold": 31, "view": "original", "exact": False}  # fmt: skip
            matches.append(Match(organisation_id=self.organisation, case=case, sighting=sighting, page_digest=digest,
                                 kind="pdq", score=6, strong=n % 3 > 0, reasons=[reason], page_url=url,
                                 media_url=url + ".jpg", made_at=NOW - timedelta(minutes=n)))  # fmt: skip
        Sighting.objects.bulk_create(sightings, EACH)
        Match.objects.bulk_create(matches, EACH)
        theirs = [pair for pair in self.findings if pair[0] in by_pk]
        chosen = self.random.sample(theirs, min(len(theirs), WAITING["draft"] + WAITING["prepared"]))
        routes, notices = [], []
        for n, (case_pk, finding_pk) in enumerate(chosen):
            owned = {"organisation_id": self.organisation, "case": by_pk[case_pk]}
            route = self._route(owned, None, 3, "active")
            route.finding_id = finding_pk
            notice = self._notice(owned, None, route, "draft" if n < WAITING["draft"] else "prepared")
            notice.finding_id = finding_pk
            if n >= WAITING["draft"]:
                notice.channel = "form"
            routes.append(route)
            notices.append(notice)
        Route.objects.bulk_create(routes, EACH)
        Notice.objects.bulk_create(notices, EACH)
        whole = [case.pk for case in open_cases]
        sent = list(Notice.objects.filter(state="sent", case__in=whole).order_by("pk")[: WAITING["reply"]])
        Inbound.objects.bulk_create([
            Inbound(organisation_id=self.organisation, case_id=one.case_id, notice=one, at=NOW, kind="refuses",
                    raw=uuid.uuid4(), digest=uuid.uuid4().bytes, confidence=0.4,
                    sender="desk@host.example", text="We looked at it.", because="We looked")
            for one in sent
        ], EACH)  # fmt: skip
        few = open_cases[: WAITING["message"]]
        Message.objects.bulk_create([
            Message(organisation_id=self.organisation, case=case, from_survivor=True, author="survivor", at=NOW,
                    text="Is there anything new?") for case in few
        ], EACH)  # fmt: skip
        ReportedLink.objects.bulk_create([
            ReportedLink(organisation_id=self.organisation, case=case, url="https://s00001.example/x", at=NOW,
                         by="survivor", handled_at=NOW, outcome="no answer") for case in few[: WAITING["link"]]
        ], EACH)  # fmt: skip
        others = self.random.sample(theirs, WAITING["age"] + WAITING["conflict"] + WAITING["stuck"])
        ages, rest = others[: WAITING["age"]], others[WAITING["age"] :]
        Finding.objects.filter(pk__in=[pk for _case, pk in ages]).update(age="unknown")
        disagree, stuck = rest[: WAITING["conflict"]], rest[WAITING["conflict"] :]
        Finding.objects.filter(pk__in=[pk for _case, pk in disagree]).update(state="conflict")
        CaseEvent.objects.bulk_create([
            CaseEvent(organisation_id=self.organisation, case_id=case, kind="finding.exhausted", actor="engine",
                      subject=pk, at=NOW) for case, pk in stuck
        ], EACH)  # fmt: skip

    def staff(self) -> list[tuple[str, Any]]:
        """Role and user of whoever opens the pages."""
        return [("lead", self.lead.user), ("investigator", self.investigator.user)]

    def _networks(self) -> None:
        """Sites by the dozen, each with the next in a line of edges, six of them proven one operator's."""
        from efface.sites.models import Evidence, Membership, Network, NetworkEdge, Site
        from efface.whereabouts.mirrors.kinds import FAMILIES

        networks, memberships, edges, moved, seen = [], [], [], [], []
        for number in range(NETWORKS):
            network = Network(name=f"network {number}", created=NOW)
            sites = self.sites[number * 12 : number * 12 + 12]
            networks.append(network)
            for place, site in enumerate(sites):
                site.network = network
                moved.append(site)
                same = str(network.pk) if place < 6 else ""
                memberships.append(Membership(site=site, network=network, same=same, since=NOW - timedelta(days=9)))
            for one, other in pairwise(sites):
                one, other = sorted((one, other), key=lambda site: site.pk)
                because = []
                for kind in ("ga", "email", "favicon"):
                    digest = self.random.randbytes(8)
                    because.append(f"{kind}:{digest.hex()}")
                    seen += [
                        Evidence(site=site, kind=kind, digest=digest, shown="UA-1", first_seen=NOW, last_seen=NOW)
                        for site in (one, other)
                    ]
                edges.append(
                    NetworkEdge(one=one, other=other, brings=[3.0] * len(FAMILIES), because=because, band="likely")
                )
        self.networks = [one.pk for one in Network.objects.bulk_create(networks, EACH)]
        Site.objects.bulk_update(moved, ["network"], EACH)
        Membership.objects.bulk_create(memberships, EACH)
        NetworkEdge.objects.bulk_create(edges, EACH)
        Evidence.objects.bulk_create(seen, EACH)

    def _referrals(self) -> None:
        from efface.evidence.models import Referral

        whole = [case for case in self.cases if case.state == "open" and self._is_whole(case)]
        rows = [
            Referral(organisation_id=self.organisation, case=case, investigator=self.investigator.user,
                     reference=case.reference, desk="Example Police", ground="consent", parts=["pages", "proof"],
                     by="lead", at=NOW - timedelta(days=3), until=NOW + timedelta(days=60))
            for case in whole[:REFERRED]
        ]  # fmt: skip
        self.referrals = [one.pk for one in Referral.objects.bulk_create(rows, EACH)]

    def _pages_known(self) -> None:
        """Pages of the sites, made by the database; no page here shows an address of theirs."""
        statement(
            "INSERT INTO search_frontier (id, site_id, digest, depth, priority, found_at, visited_at, visit, due_at,"
            " unchanged, status, etag, last_modified, read_at, opened, shape, shows, sweep, afresh, wall, failures,"
            " harm) SELECT gen_random_uuid(), s.id, decode(md5(s.id::text || n), 'hex'), 1, 50, %s, %s, 1, %s, 0, 200,"
            " '', '', %s, 0, ''::bytea, 1, false, false, '', 0, 0 FROM sites_site s"
            " CROSS JOIN generate_series(1, %s) n",
            NOW - timedelta(days=90), NOW - timedelta(days=1), NOW + timedelta(days=6), NOW - timedelta(days=1),
            PAGES_A_SITE,
        )  # fmt: skip


def _clone(model: Any, like: Any, given: dict[str, str]) -> None:
    """One row of ``model`` for each made finding: as one of the case ``like``, without what is sealed."""
    from efface.engine.base.fields import SealedField

    table, columns, values = model._meta.db_table, [], []
    given = {"id": "gen_random_uuid()", "case_id": "m.case_id"} | given
    for field in model._meta.concrete_fields:
        columns.append(f'"{field.column}"')
        sealed = isinstance(field, SealedField)
        values.append(given.get(field.column) or ("NULL" if sealed else f't."{field.column}"'))
    statement(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM bench_made m CROSS JOIN"
        f" (SELECT * FROM {table} WHERE case_id = '{like.pk}' ORDER BY id LIMIT 1) t"
    )


def count(organisation: uuid.UUID) -> dict[str, Any]:
    """The statistics of all of it, in the pieces of the nightly job: ``seconds``, ``pieces``, ``longest_s`` (one is one
    transaction)."""
    from efface.engine.base import tenancy
    from efface.takedown.figures import keeping

    with tenancy.organisation(organisation):
        keeping.start(organisation, NOW, anew=True)
    taken: list[float] = []
    row = None
    while row is None:
        began = time.perf_counter()
        with tenancy.organisation(organisation):
            row = keeping.step(organisation)
        taken.append(time.perf_counter() - began)
    told = {"seconds": round(sum(taken), 1), "pieces": len(taken), "longest_s": round(max(taken), 2)}
    _say(f"statistics: {told}")
    return told


Ask = Callable[[], tuple[str, dict[str, str]]]


def measure(filled: Filled, rounds: int, seed: int, only: str = "") -> dict[str, Any]:
    """Each page whose name holds ``only`` ``rounds`` times. ``cold_ms`` is the first request of the process for that
    page, with a new connection to the database; the others are warm. Of a request all time inside the server counts.

    ``work_p95_ms`` is what the processors did for it, in this process and in the database: what the same request takes
    where nothing else runs. ``load`` before and after says whether anything did."""
    from django.db import connection

    from efface.engine.base import clock, tenancy

    with tenancy.organisation(filled.organisation):
        clock.drive(NOW)
    # What this bench holds itself is no part of a server's rubbish collection.
    gc.collect()
    gc.freeze()
    pages, clients = _pages(filled, random.Random(seed + 1)), {role: _signed_in(user) for role, user in filled.staff()}
    names = ("cold_ms", "p50_ms", "p95_ms", "cpu_p95_ms", "database_p95_ms", "work_p95_ms", "queries")
    result: dict[str, Any] = {"load": [os.getloadavg()]} | {name: {} for name in names}
    for name, (role, ask) in pages.items():
        if only not in name:
            continue
        connection.close()
        cold = _ask(clients[role], ask)
        taken = [_ask(clients[role], ask) for _round in range(rounds)]
        told = {
            "cold_ms": round(1000 * cold.taken, 1), "p50_ms": _share((one.taken for one in taken), 0.5),
            "p95_ms": _share((one.taken for one in taken), 0.95),
            "cpu_p95_ms": _share((one.own for one in taken), 0.95),
            "database_p95_ms": _share((one.database for one in taken), 0.95),
            "work_p95_ms": _share((one.own + one.database for one in taken), 0.95),
            "queries": max(one.questions for one in [cold, *taken]),
        }  # fmt: skip
        for figure, value in told.items():
            result[figure][name] = value
        _say(f"{name}: " + ", ".join(f"{figure} {value}" for figure, value in told.items()))
    return result | {"load": [*result["load"], os.getloadavg()]}


def _signed_in(user: Any) -> Any:
    """A session with password and second step behind it."""
    from django.test import Client

    from efface.accounts import second

    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    session = client.session
    session[second.PASSED] = str(user.pk)
    session.save()
    return client


def _share(seconds: Iterable[float], share: float) -> float:
    """Milliseconds that this share stays below."""
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def _pages(filled: Filled, choose: random.Random) -> dict[str, tuple[str, Ask]]:
    """By name: whose page it is, and an address with what is sent to it (nothing: it is only read)."""
    whole = [case for case in filled.cases if filled._is_whole(case)]
    ordinary = [case for case in whole if case.state == "open" and int(case.reference[1:]) % LARGE_EVERY != 7]
    large = [case for case in whole if int(case.reference[1:]) % LARGE_EVERY == 7]
    domain = filled.sites[7].domain

    def case(part: str = "", of: list[Any] = ordinary) -> Ask:
        return lambda: (f"/console/cases/{choose.choice(of).pk}/{part}", {})

    def page(address: str, **sent: str) -> Ask:
        return lambda: (address, sent)

    lead = {
        "queue": page("/console/queue/"),
        "queue page 4": page("/console/queue/?page=4"),
        "queue mine": page("/console/queue/?whose=mine"),
        "queue changed": page("/console/queue/fresh/?seen=x"),
        "case": case(),
        "case of 200 findings": case(of=large),
        "cases": page("/console/cases/"),
        "cases last page": page(f"/console/cases/?page={max(1, len(filled.cases) // 50)}"),
        "case timeline": case("timeline/"),
        "case letters": case("letters/"),
        "case evidence": case("evidence/"),
        "case police": case("police/"),
        "case by hand": case("by-hand/"),
        "clocks": page("/console/clocks/"),
        "by hand": page("/console/by-hand/"),
        "find a page": page("/console/find/", q=f"https://{domain}/v/B0000001-1"),
        "find a reference": lambda: ("/console/find/", {"q": choose.choice(ordinary).reference}),
        "find a site": page("/console/find/", q=domain[:5]),
        "team": page("/console/team/"),
        "networks": page("/console/networks/"),
        "network": lambda: (f"/console/networks/{choose.choice(filled.networks)}/", {}),
        "network to decide": lambda: (f"/console/networks/{choose.choice(filled.networks)}/decide/", {}),
        "sites": page("/console/sites/"),
        "site": lambda: (f"/console/sites/{choose.choice(filled.sites).pk}/", {}),
        "coverage": page("/console/coverage/"),
        "coverage of a site": lambda: (f"/console/coverage/{choose.choice(filled.sites).pk}/", {}),
        "results": page("/console/results/"),
        "statistics": page("/console/statistics/?by=host"),
        "law": page("/console/law/"),
        "help": page("/console/help/"),
        "knowledge": page("/console/knowledge/"),
    }
    police = {
        "police room": page("/police/"),
        "police case": lambda: (f"/police/cases/{choose.choice(filled.referrals)}/", {}),
    }
    return {
        **{name: ("lead", ask) for name, ask in lead.items()},
        **{name: ("investigator", ask) for name, ask in police.items()},
    }


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one request: seconds it took, seconds of processor in this process and in the database, questions asked."""

    taken: float
    own: float
    database: float
    questions: int


def _ask(client: Any, ask: Ask) -> Taken:
    from django.db import connection

    from efface.engine.base import sealing

    url, given = ask()
    sealing.forget_case_keys()
    asked = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    there, worked, began = _processor(backend), time.process_time(), time.perf_counter()
    with connection.execute_wrapper(count):
        answer = client.post(url, given) if given else client.get(url)
    taken, own = time.perf_counter() - began, time.process_time() - worked
    database = _processor(backend) - there
    if answer.status_code != 200:
        raise RuntimeError(f"{url}: {answer.status_code}")
    return Taken(taken, own, database, asked)


def _processor(process: int) -> float:
    """Seconds of processor that a process of this machine has had; 0 where the kernel does not say."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text("ascii").split()[0]) / 1e9
    except (OSError, ValueError):
        return 0.0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
