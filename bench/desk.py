"""The console on a full database: server time and questions to the database of its pages, by seed.

Everything goes through Django's own test client in this process: middleware, session, row security and templates
included, the network left out. Keys of cases are forgotten before each request, as after half a minute of quiet.
"""

from __future__ import annotations

import gc
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.desk_world import LARGE_EVERY, Filled, say
from bench.installed import NOW, become, installation, statement


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
        say(f"filled in {took:.0f} s")
        rows = filled.counts()
        return {"cases": rows["case"], "findings": rows["finding"], "events": rows["caseevent"], "seed": seed,
                "rounds": rounds, "filled_s": round(took, 1), "rows": rows, "counting": count(place.organisation),
                **measure(filled, rounds, seed, only)}  # fmt: skip


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
    say(f"statistics: {told}")
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
        say(f"{name}: " + ", ".join(f"{figure} {value}" for figure, value in told.items()))
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
    whole = [case for case in filled.cases if filled.is_whole(case)]
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
