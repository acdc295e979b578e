"""What can be added by hand: ways, desks and notice types, as the choices of a list."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from efface.cases.models import Age, Case
from efface.law import load
from efface.search.models import Finding
from efface.takedown.channels import registry, steps
from efface.takedown.channels.contract import Channel

MOST_FINDINGS = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be done. ``value`` stands in the form."""

    channel: str
    desk: str
    role: str
    notice_type: str
    label: str = ""

    @property
    def value(self) -> str:
        return "|".join((self.channel, self.desk, self.role, self.notice_type))


def grouped(case: Case) -> list[tuple[str, list[Choice]]]:
    """(way, choices), those that are open to this case; desks of her own country first."""
    law = load()
    found: list[tuple[str, list[Choice]]] = []
    for channel in registry.all_channels().values():
        if "machine" in channel.hands or not _open(case, channel):
            continue
        choices: dict[str, Choice] = {}
        for desk in steps.desks(law, channel, case.country):
            for notice_type in desk.notice_types:
                notice = law.notices[notice_type]
                if registry.choose(notice, desk.role, "", desk.id).id == channel.id:
                    one = Choice(channel.id, desk.id, desk.role, notice_type, f"{desk.name}: {notice.name}")
                    choices[one.value] = one
        for notice in law.notices.values():
            for role in notice.addressed_to:
                if any(channel.serves(notice.id, role, via) for via in notice.via):
                    one = Choice(channel.id, "", role, notice.id, notice.name)
                    choices.setdefault(one.value, one)
        found.append((str(channel.name), list(choices.values())))
    return found


def _open(case: Case, channel: Channel) -> bool:
    return channel.minors or case.age == Age.ADULT


def read(text: str) -> Choice | None:
    """The choice as it came back, None for one that was not offered."""
    parts = text.split("|")
    if len(parts) != 4 or parts[0] not in registry.all_channels() or parts[3] not in load().notices:
        return None
    return Choice(*parts)


def findings(case: Case) -> list[Finding]:
    return list(Finding.objects.filter(case=case).select_related("site").order_by("-confirmed_at")[:MOST_FINDINGS])


def finding(case: Case, text: str) -> Finding | None:
    try:
        return Finding.objects.filter(case=case, pk=uuid.UUID(text)).first()
    except ValueError:
        return None
