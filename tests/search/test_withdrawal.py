"""A consent that is withdrawn, with the matcher in a process of its own, as it runs in an installation: real commits,
the real notification, the real sockets. From the commit on it is measured until the matcher finds nothing any more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from efface.cases import active, attesting, consents, safety
from efface.cases.models import Case, Fingerprint
from efface.engine.base import tenancy
from efface.search.matcher.client import Matcher
from efface.search.matcher.hits import Compare, Shown
from tests.conftest import NOON, make_organisation, role
from tests.search.scene import make_case, pdq_of, picture

OTHERS = 200
LIMIT_S = 1.0


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[tuple[Any, Matcher]]:
    """An organisation with some hundred cases, committed, and a matcher that holds them."""
    folder = tmp_path_factory.mktemp("m")
    with django_db_blocker.unblock():
        with transaction.atomic():
            organisation = make_organisation()
        with tenancy.organisation(organisation.pk):
            for number in range(OTHERS):
                picture(make_case(organisation, NOON), f"other-{number}", NOON)
        given = connection.settings_dict
        user, word, host = (quote(str(given[key]), safe="") for key in ("USER", "PASSWORD", "HOST"))
        where = f"@{host}:{given['PORT']}" if "%2F" not in host else "@"
        url = f"postgres://{user}:{word}{where}/{given['NAME']}" + (f"?host={host}" if "%2F" in host else "")
        environment = {
            **os.environ, "EFFACE_DATABASE_URL": url, "EFFACE_DATABASE_ROLE": "efface_engine",
            "EFFACE_RUN": str(folder), "PYTHONPATH": os.pathsep.join(sys.path),
        }  # fmt: skip
        command = [sys.executable, "-m", "efface.search.matcher"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None and process.stdout.readline().strip() == "ready"
            yield organisation, Matcher(Path(folder) / "matcher.sock", patience_s=5)
        finally:
            process.terminate()
            process.wait(20)
            with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
                cursor.execute("TRUNCATE accounts_organisation, accounts_user, cases_comparedday CASCADE")


@pytest.fixture
def matcher(running: tuple[Any, Matcher], django_db_blocker: Any) -> Iterator[tuple[Any, Matcher]]:
    with django_db_blocker.unblock():
        yield running


def finds(matcher: Matcher, name: str) -> bool:
    return bool(matcher.compare(Compare("", [Shown("u", pdq_of(name), 90)])).hits)


def seconds_until(matcher: Matcher, name: str, wanted: bool, most: float = 5.0) -> float:
    """From now until the matcher finds the picture of this name, or finds it no more."""
    began = time.monotonic()
    while finds(matcher, name) is not wanted:
        assert time.monotonic() - began < most, "the matcher did not follow"
        time.sleep(0.005)
    return time.monotonic() - began


def enrolled(organisation: Any, matcher: Matcher, name: str) -> Case:
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, NOON)
        picture(case, name, NOON)
        active.announce(case.pk)
    seconds_until(matcher, name, True)
    return case


@pytest.mark.parametrize("way", ["withdraw", "stop"])
def test_it_is_used_no_more_within_a_second(matcher: tuple[Any, Matcher], way: str, record_property: Any) -> None:
    organisation, asked = matcher
    took = []
    for number in range(10):
        name = f"{way}-{number}"
        case = enrolled(organisation, asked, name)
        with tenancy.organisation(organisation.pk):
            if way == "withdraw":
                consents.withdraw(case, "hash_match", "survivor", NOON)
            else:
                consents.stop(case, "survivor", NOON)
        took.append(seconds_until(asked, name, False))
    record_property("seconds", [round(one, 3) for one in sorted(took)])
    sys.stdout.write(f"{way}: median {sorted(took)[5]:.3f} s, longest {max(took):.3f} s of {len(took)}\n")
    assert max(took) < LIMIT_S
    assert finds(asked, "other-7"), "nobody else's"


def test_without_the_announcement_it_would_go_on(matcher: tuple[Any, Matcher], monkeypatch: Any) -> None:
    """Red: it is the notification that makes it fast, not chance."""
    organisation, asked = matcher
    case = enrolled(organisation, asked, "silent")
    monkeypatch.setattr(consents.active, "announce", lambda case: None)
    with tenancy.organisation(organisation.pk):
        consents.withdraw(case, "hash_match", "survivor", NOON)
    time.sleep(LIMIT_S)
    assert finds(asked, "silent")


def test_her_word_and_her_stop_reach_it_too(matcher: tuple[Any, Matcher]) -> None:
    """Names are looked for at L1 only; the level goes, and the matcher with it."""
    organisation, asked = matcher
    for number, way in enumerate((lambda case: safety.signal(case, "message", NOON),
                                  lambda case: attesting.stop(case, "survivor", NOON))):  # fmt: skip
        handle = f"quietlake_{number}x9"
        with tenancy.organisation(organisation.pk):
            case = make_case(organisation, NOON, level="attested")
            consents.give(case, "text_search", "survivor", NOON)
            row = Fingerprint(organisation=organisation, case=case, kind="text", age="adult", created=NOON)
            row.value = {"kind": "handle", "value": handle, "country": "DE"}
            row.save()
            worker = _worker(organisation, number)
            case.attestations.create(
                organisation=organisation, spoke_alone=True, proof_seen="card", first_worker=worker, first_at=NOON
            )
            active.announce(case.pk)

        def seen(handle: str = handle) -> bool:
            return bool(asked.compare(Compare("", [], f"she is {handle} here")).hits)

        began = time.monotonic()
        while not seen():
            assert time.monotonic() - began < 5
            time.sleep(0.01)
        with tenancy.organisation(organisation.pk):
            way(case)
        began = time.monotonic()
        while seen():
            assert time.monotonic() - began < LIMIT_S
            time.sleep(0.01)


def _worker(organisation: Any, number: int) -> Any:
    from efface.accounts.models import User

    return User.objects.create_user(f"w{number}-withdrawal@desk.example", name="W", created=NOON)


@pytest.mark.django_db
def test_whoever_uses_a_hit_asks_once_more(inside: Any) -> None:
    """What the matcher said a moment before is not used either."""
    case = make_case(inside, NOON)
    picture(case, "late", NOON)
    assert list(active.active_fingerprints(NOON, case.pk))
    consents.withdraw(case, "hash_match", "survivor", NOON)
    assert not list(active.active_fingerprints(NOON, case.pk))
