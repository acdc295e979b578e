"""Delisting at search engines: each has a desk of its own. What is no longer found still stands on the site; what is
gone from the site is still found until the engine looks again, which ``outdated`` asks for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from efface.takedown.channels import guide
from efface.takedown.channels.contract import Channel, Prepared, Task
from efface.takedown.channels.search.outdated import OUTDATED

BING_FIRST = _("Ask Bing first: most of these results come from there.")
NAMELESS = _("Leave search terms empty unless she agreed to each: a search for a name tells the engine the name.")


def prepare(task: Task) -> Prepared:
    if task.more.get("follow_up") == OUTDATED:
        return _follow_up(task)
    steps = [
        _("Copy each answer below. Enter every address of the list: only what is entered is looked at."),
        NAMELESS,
    ]
    if task.notice_type == "search_google":
        steps.append(_("Tick that similar results are filtered too, where the form offers it."))
    if task.notice_type == "search_duckduckgo":
        steps.insert(0, BING_FIRST)
    steps.append(_("Send it, then note the number it gives. No engine names a time for its answer."))
    return guide.walked(task, guide.choose(task, "worker", "her"), *steps)


def _follow_up(task: Task) -> Prepared:
    return guide.walked(
        task,
        guide.choose(task, "worker", "her"),
        _("Use the engine's form for pages that are gone or have changed, not the one for intimate pictures."),
        _("Enter each address of the list. It was checked that nothing stands there any more."),
        _("Send it, then note the number it gives. The finding stays \"delisting pending\" until the listing is gone."),
    )


CHANNEL = Channel(
    id="search",
    name=_("delisting at a search engine"),
    medium="form",
    hands=("worker", "her"),
    via=frozenset({"form", "email"}),
    roles=frozenset({"search"}),
    notice_types=frozenset({"search_google", "search_bing", "search_yandex", "search_duckduckgo"}),
    prepare=prepare,
    starts={"sending": "done", "receipt": "confirmed", "filing": "done", "acknowledgement": "answered",
            "confirmation": "answered"},
    receipt=_("the mail or the page by which the engine confirms that it has the request"),
    states={**guide.STATES, "done": _("asked for"), "cannot": _("the engine refuses")},
    adds=_("the network address of the machine the form is filed from"),
    purpose="notify",
    first=20,
)  # fmt: skip
