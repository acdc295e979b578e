from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from efface.cases import ages, opening
from efface.cases.models import Case, CaseEvent

pytestmark = pytest.mark.django_db


def test_under_18_is_not_taken_back(inside: Any, now: datetime) -> None:
    case = opening.open_case(inside.pk, "caseworker:x", age="unknown", country="DE", language="en", now=now).case
    ages.declare(case, "minor", "survivor", now)
    ages.declare(case, "minor", "survivor", now)
    with pytest.raises(ages.AgeStands):
        ages.declare(case, "adult", "survivor", now)
    with pytest.raises(ValueError, match="age must be one of"):
        ages.declare(case, "old", "survivor", now)
    assert Case.objects.get(pk=case.pk).age == "minor"
    assert CaseEvent.objects.filter(case=case, kind="case.age_declared").count() == 1
