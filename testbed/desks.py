"""How the people at a desk behave. Pure: what arrived and what is known in, moves with their delays out.

Behaviours of operators: complies-fast, complies-slow, page-only, soft-404, returns, gates, cloaks, acknowledges,
asks-info, asks-id, extortion, moves, bounces, bounces-later, mailbox-full, greylists (takes mail at the second try),
refuses, court-order, geo-blocks, publishes (shows our notice to everybody), none. Hosts: complies-*, complies-second
(only the second time), moves (tells the customer, who moves house), forwards (to the operator). CDN: passes-on.
Registrars: acknowledges, holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Literal

HOUR = 3600.0
Do = Literal["reply", "dsn", "remove", "gate", "cloak", "move", "purge", "hold", "delist", "forward",
             "geo", "show", "tell"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """What a desk sees in one mail. ``pages`` and ``media`` are the URLs named, widened to all it can act on of the
    same galleries, that still stand; ``gone`` those that no longer do; ``cached`` those it holds copies of (CDN);
    ``sites`` the registered domains concerned; ``earlier`` how many mails it had before about any of them."""

    desk: str
    role: str
    address: str
    company: str
    pages: list[str]
    media: list[str]
    gone: list[str]
    cached: list[str]
    sites: list[str]
    earlier: int
    host_name: str = ""
    host_abuse: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """Something done ``after_s`` seconds from now. ``text`` and ``tone`` ("ack", "removed", "asks", "refuses",
    "passes-on", "bounce") belong to replies; ``targets`` are URLs or domains."""

    after_s: float
    do: Do
    targets: list[str] = field(default_factory=list)
    text: str = ""
    tone: str = ""


def refusal(desk: str, tried: bool = False) -> tuple[int, str] | None:
    """The SMTP answer to RCPT of a mailbox that takes nothing; of one that greylists, unless it was ``tried``."""
    if desk == "greylists" and not tried:
        return 451, "4.7.1 greylisted, try again in five minutes"
    if desk == "bounces":
        return 550, "5.1.1 <user>: recipient address rejected: user unknown"
    if desk == "mailbox-full":
        return 552, "5.2.2 mailbox full"
    return None


def _reply(after_s: float, tone: str, text: str) -> Move:
    return Move(after_s, "reply", text=text, tone=tone)


def _removes(after_s: float, urls: list[str], said: str = "") -> list[Move]:
    text = said or "We have reviewed your report and removed the content at the URLs you listed. This case is closed."
    return [Move(after_s, "remove", urls), _reply(after_s + 900, "removed", text)]


_ACK = (
    "This is an automatic message to confirm that we received your report. A ticket was opened. "
    "Please do not answer this message."
)


def decide(view: View, rng: Random) -> list[Move]:
    """What follows from one mail."""
    if view.role == "search":
        return [_reply(60, "ack", _ACK), Move(rng.uniform(20, 60) * HOUR, "delist", view.pages + view.gone)]
    if view.desk == "bounces-later":
        return [Move(300, "dsn", text="5.1.1", tone="bounce")]
    if not view.sites:
        return [_reply(2 * HOUR, "refuses", "We could not find any content of ours at the URLs in your report.")]
    if view.role == "cdn":
        return _cdn(view, rng)
    if view.role == "registrar":
        return _registrar(view, rng)
    urls = view.pages + view.media
    if not urls:
        return [
            _reply(rng.uniform(1, 6) * HOUR, "removed", "The content at the URLs you listed is no longer available.")
        ]
    return _content(view, urls, rng)


def _content(view: View, urls: list[str], rng: Random) -> list[Move]:
    desk = view.desk
    if desk in {"complies-fast", "returns", "greylists"}:
        return _removes(rng.uniform(4, 10) * HOUR, urls)
    if desk == "complies-slow":
        return [_reply(120, "ack", _ACK), *_removes(rng.uniform(20, 40) * HOUR, urls)]
    if desk == "soft-404":
        return _removes(rng.uniform(8, 30) * HOUR, urls)
    if desk == "complies-second":
        if view.earlier:
            return _removes(rng.uniform(6, 30) * HOUR, urls)
        return [_reply(120, "ack", _ACK)]
    if desk == "asks-info":
        if view.earlier:
            return _removes(rng.uniform(6, 30) * HOUR, urls)
        return [
            _reply(
                rng.uniform(5, 20) * HOUR,
                "asks",
                "We need more information before we can act. Please send us the "
                "exact URL of each picture and state on whose behalf you are writing.",
            )
        ]
    if desk == "asks-id":
        return [
            _reply(
                rng.uniform(5, 20) * HOUR,
                "asks",
                "To process your request please send a copy of a government "
                "issued identity document of the person shown.",
            )
        ]
    if desk == "page-only":
        return _removes(rng.uniform(6, 24) * HOUR, view.pages) if view.pages else []
    if desk == "cloaks":
        after = rng.uniform(4, 12) * HOUR
        return [Move(after, "cloak", urls), _reply(after + 900, "removed", "Done, the content was deleted.")]
    if desk == "gates":
        return (
            [
                Move(rng.uniform(8, 20) * HOUR, "gate", view.pages),
                _reply(22 * HOUR, "removed", "The page has been removed from public view."),
            ]
            if view.pages
            else []
        )
    if desk in STUBBORN:
        return _stubborn(view, urls, rng)
    if desk == "extortion":
        return [
            _reply(
                rng.uniform(1, 4) * HOUR,
                "refuses",
                "Removal is possible through our priority service only. "
                "The fee is 299 per picture, payable in advance.",
            )
        ]
    if desk == "moves":
        if view.role == "operator":
            return []
        moves = [_reply(120, "ack", _ACK)]
        if not view.earlier:
            moves += [
                _reply(3 * HOUR, "passes-on", "We have forwarded your report to our customer and asked for action."),
                Move(rng.uniform(24, 48) * HOUR, "move", view.sites),
            ]
        return moves
    return [_reply(120, "ack", _ACK)]


STUBBORN = {
    "refuses": "We reviewed your report. The content does not violate our rules and will not be removed.",
    "court-order": "We are unable to remove content without a court order from a court of our country.",
    "geo-blocks": "The content is no longer available in your country.",
    "publishes": "We publish all complaints we receive. Your complaint was published on our site: http://{site}/complaints/",
    "forwards": "We have forwarded your report to our customer, who is responsible for the content.",
}


def _stubborn(view: View, urls: list[str], rng: Random) -> list[Move]:
    """Desks that answer and leave it where it is."""
    after = rng.uniform(2, 12) * HOUR
    text = STUBBORN[view.desk].format(site=view.sites[0])
    if view.desk == "geo-blocks":
        return [Move(after, "geo", urls), _reply(after + 900, "removed", text)]
    if view.desk == "publishes":
        return [Move(after, "show", view.sites[:1]), _reply(after + 900, "refuses", text)]
    if view.desk == "forwards":
        return [_reply(after, "passes-on", text), Move(after + 900, "tell", urls)]
    return [_reply(after, "refuses", text)]


def _cdn(view: View, rng: Random) -> list[Move]:
    """A pass-through: purges its copies, names the host, removes nothing at the origin, and passes the report on to the
    host three days later."""
    text = (
        f"{view.company} is a network provider offering a pass-through service and does not host the content. "
        f"The hosting provider of the site is {view.host_name}; its abuse contact is {view.host_abuse}. "
        "Any copy in our cache has been purged."
    )
    after = rng.uniform(2, 8) * HOUR
    moves = [Move(after, "purge", view.cached), _reply(after + 300, "passes-on", text)]
    if not view.earlier and (view.pages or view.media):
        moves.append(Move(72 * HOUR, "forward", view.pages + view.media))
    return moves


def _registrar(view: View, rng: Random) -> list[Move]:
    if view.desk == "holds" and view.earlier:
        return [
            Move(72 * HOUR, "hold", view.sites),
            _reply(73 * HOUR, "removed", "The domain name has been placed on hold."),
        ]
    return [
        _reply(
            rng.uniform(0.2, 2) * HOUR,
            "ack",
            "Thank you. A registrar does not control the content of a site; please contact the hosting provider.",
        )
    ]
