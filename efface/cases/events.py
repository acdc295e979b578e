"""Case events: what happened, appended; and the way news travels upward.

A room above registers a handler with ``on("finding.confirmed")``; it is called in the same transaction, so an event and
what it sets in motion happen together. Handlers defer jobs and set deadlines; they do no slow work.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from efface.cases.models import Case, CaseEvent
from efface.engine.base import clock

Handler = Callable[[CaseEvent], None]
_handlers: dict[str, list[Handler]] = defaultdict(list)


def on(*kinds: str) -> Callable[[Handler], Handler]:
    def register(function: Handler) -> Handler:
        for kind in kinds:
            if function not in _handlers[kind]:
                _handlers[kind].append(function)
        return function

    return register


def record(
    case: Case, kind: str, actor: str, /, *, subject: uuid.UUID | None = None, now: datetime | None = None, **data: Any
) -> CaseEvent:
    """Append an event and tell whoever listens. ``actor`` is a role and id ("caseworker:...", "survivor", "engine")."""
    event = CaseEvent.objects.create(
        organisation_id=case.organisation_id,
        case=case,
        kind=kind,
        actor=actor,
        subject=subject,
        at=now or clock.now(),
        data=data or None,
    )
    for handler in _handlers[kind]:
        handler(event)
    return event
