"""A notice in the form that Lumen takes, redacted: which law, what kind of recipient, how many addresses on which site.
No path of an address, no name, no words of the notice, and the month instead of the day. One way: nothing is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from efface.partners.exchange.contract import Adapter


@dataclass(frozen=True, slots=True)
class Redacted:
    """``hosts``: site and number of addresses there; those of fewer than ``LEAST`` notices are not named."""

    notice_type: str
    recipient_role: str
    country: str
    month: date
    hosts: tuple[tuple[str, int], ...]


LEAST = 5
"""A site that stands in fewer notices than this is "a site": it might lead to one person."""


def document(notices: Sequence[Redacted]) -> bytes:
    """JSON: a list of ``notice`` objects with Lumen's field names (title, type, tag_list, date_sent, works)."""
    times: dict[str, int] = {}
    for one in notices:
        for host, _count in one.hosts:
            times[host] = times.get(host, 0) + 1
    made = [
        {
            "notice": {
                "title": f"Notice under {one.notice_type}", "type": "Other", "tag_list": "ncii,redacted",
                "subject": "Intimate imagery published without consent. All that could lead to a person is left out.",
                "date_sent": one.month.strftime("%Y-%m"), "jurisdiction_list": one.country, "language": "",
                "works_attributes": [
                    {
                        "kind": "image", "description": "[redacted]",
                        "infringing_urls_attributes": [
                            {"url": f"https://{host}/[redacted]" if times[host] >= LEAST else "[a site]", "count": n}
                            for host, n in one.hosts
                        ],
                    }
                ],
                "entity_notice_roles_attributes": [
                    {"name": "sender", "entity_attributes": {"name": "[redacted]", "kind": "organization"}},
                    {"name": "recipient", "entity_attributes": {"name": one.recipient_role, "kind": "organization"}},
                ],
            }
        }
        for one in notices
    ]  # fmt: skip
    return json.dumps(made, indent=1, ensure_ascii=True).encode("ascii") + b"\n"


ADAPTER = Adapter("lumen", "Lumen, redacted", (), None, None)
