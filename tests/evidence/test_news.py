"""What happens below brings the captures that waited for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from efface.cases import ages
from efface.evidence import capturing
from tests.casework import make_case, make_finding

pytestmark = pytest.mark.django_db


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'evidence.capturing.capture'")
        return int(cursor.fetchone()[0])


def test_an_age_said_later_captures_what_waited(inside: Any, now: datetime) -> None:
    case = make_case(inside, age="unknown")
    make_finding(case)
    capturing.request_missing(case, now)
    assert waiting() == 0
    ages.declare(case, "adult", "survivor", now)
    assert waiting() == 1
