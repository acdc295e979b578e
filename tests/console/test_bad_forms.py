"""Every form of the console and of the police room, met by walking from page to page as each role, then sent as nobody
should send it: with what no field is meant for, and twice. No error page, nothing done twice, no words lost."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from efface.engine.base import tenancy
from tests.console import walking
from tests.console.everything import ROLES, furnish
from tests.console.walking import Form

pytestmark = pytest.mark.django_db
UGLY = (
    "a\0b\u202e\u200b\u2066\ufeff\n\u2028 <script>alert(1)</script>'\">{{ 7|add:7 }}{% load x %}%(a)s %s {0}\r\n"
    "Bcc: x@y.example\r\n\r\n\U0001f469\u200d\U0001f467"
)
TYPED = {"ugly": UGLY, "digits": "9" * 5000, "no digit": "²", "below": "-1", "end of time": "9999-12-31",
         "end of time and hour": "9999-12-31T23:59", "begin of time": "0001-01-01", "much": "x" * 200_000,
         "no address": "http://[::1", "blank": " \u200b "}  # fmt: skip
NOBODY = "00000000-0000-4000-8000-000000000000"
CHOSEN = {"ugly": UGLY, "digits": "9" * 5000, "no digit": "²", "nothing": "", "unknown": NOBODY}


class _Back(Exception):
    """What a form did is taken back."""


def sent(client: Client, action: str, data: Mapping[str, Any]) -> Any:
    """The answer to a form; what it did is taken back."""
    try:
        with transaction.atomic():
            answer: Any = client.post(action, data)
            answer.whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
            raise _Back(answer)
    except _Back as back:
        return back.args[0]


def bad(form: Form) -> list[tuple[str, dict[str, Any]]]:
    """What to put where: everything that is typed at once, and each thing that is chosen by itself."""
    tries = [(name, dict.fromkeys(form.texts, words)) for name, words in TYPED.items() if form.texts]
    for field in dict.fromkeys([*(one for one in form.fields if one not in form.texts), *form.choices]):
        tries += [(f"{field}: {name}", {field: words}) for name, words in CHOSEN.items()]
    return [*tries, ("as it is", {})]


def walked(organisation: Any, monkeypatch: pytest.MonkeyPatch, role: str) -> tuple[Any, list[Form]]:
    """The forms that a role meets; of those that a caseworker meets too none again."""
    one = furnish(organisation, monkeypatch)
    found = walking.walk(one.clients[role], one.starts)
    known = walking.walk(one.clients["caseworker"], one.starts) if role != "caseworker" else {}
    return one, [form for kind, form in found.items() if kind not in known]


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_what_no_field_is_meant_for_is_answered_in_words(
    role: str, organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, forms = walked(organisation, monkeypatch, role)
    assert forms
    wrong: dict[str, str] = {}
    for form in forms:
        for press in walking.pressed(form):
            for name, data in bad(form):
                try:
                    answer = sent(one.clients[role], form.action, form.sent(press, **data))
                except Exception as error:
                    ours = [at for at in traceback.extract_tb(error.__traceback__) if "/efface/" in at.filename]
                    wrong[f"{form.view} {ours[-1].filename.split('/efface/')[-1]}:{ours[-1].lineno}"] = (
                        f"{press} {name}: {type(error).__name__} {str(error)[:80]}"
                    )
                    continue
                if answer.status_code >= 500 or b"<script>alert" in answer.whole:
                    wrong[form.view] = f"{press} {name}: {answer.status_code}"
    assert wrong == {}, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def rows() -> dict[str, int]:
    """How many rows each table has, as far as the application sees them here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
                       "AND has_table_privilege(oid, 'SELECT') ORDER BY 1")  # fmt: skip
        names = [name for (name,) in cursor.fetchall() if name not in NOT_COUNTED]
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names))
        return dict(cursor.fetchall())


def twice(one: Any, client: Client, action: str, make: Any) -> tuple[dict[str, int], Any]:
    """Send a form, and the same again. Returns the tables the second one added rows to, and its answer."""
    try:
        with transaction.atomic():
            client.post(action, make())
            with tenancy.organisation(one.organisation.pk):
                before = rows()
            answer = client.post(action, make())
            with tenancy.organisation(one.organisation.pk):
                after = rows()
            raise _Back({name: after[name] - before[name] for name in after if after[name] > before[name]}, answer)
    except _Back as back:
        return back.args[0], back.args[1]


#: What a second look leaves, and what the machine itself keeps.
NOT_COUNTED = {"django_session", "engine_bucket", "efface_cache", "accounts_signin", "accounts_unsent"}
#: Views whose second answer does something, and why that is right.
TWICE = {
    "console:new-code": "a newer code, the one before ends: whoever presses twice has the one that is shown",
    "console:agenda-change": "a newer address of the calendar, the one before ends",
    "console:member-invite": "a newer link, the one before ends", "console:member": "a newer link, the one before ends",
    "console:pack-hand-over": "every time a file leaves stands in the custody chain",
    "console:facts-give": "every time the file is taken stands in the audit chain",
    "console:coverage-change": "the audit chain says who pressed; the site is as it was",
}


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_the_same_form_twice_does_nothing_twice(
    role: str, organisation: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, forms = walked(organisation, monkeypatch, role)
    wrong = []
    for form in forms:
        for press in walking.pressed(form):
            more, answer = twice(one, one.clients[role], form.action, lambda f=form, p=press: f.sent(p))
            if answer.status_code >= 500 or (more and form.view not in TWICE):
                wrong.append(f"{form.view} {press}: {answer.status_code} {more}")
    assert wrong == [], "\n".join(wrong)
