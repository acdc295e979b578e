"""Mail in, moves out, and the passage of time: applies what desks decide to the living world."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import Any

from testbed import desks, replies
from testbed.desks import Move, View
from testbed.model import show_time
from testbed.notice import Notice, canonical
from testbed.replies import Outgoing
from testbed.state import Asset, Event, State

Deliver = Callable[[Outgoing], Awaitable[None]]
NONE = "unknown"


class Desk:
    """Who answers at an address: role, key of the company, behaviour, display name."""

    def __init__(self, address: str, role: str, key: str, behaviour: str, company: str) -> None:
        self.address, self.role, self.key, self.behaviour, self.company = address, role, key, behaviour, company


def directory(state: State) -> dict[str, Desk]:
    """Every mailbox of the world by lower-case address. Traps answer as role ``trap``."""
    world = state.world
    found: dict[str, Desk] = {}
    for trap in world.traps:
        found[trap.address.lower()] = Desk(trap.address, "trap", trap.why, "silent", trap.site)
    for provider in world.providers:
        for address in (provider.abuse, f"noc@{provider.domain}", f"hostmaster@{provider.domain}"):
            found[address] = Desk(address, provider.role, provider.key, provider.desk, provider.name)
        if provider.stale_abuse:
            found[provider.stale_abuse] = Desk(
                provider.stale_abuse, provider.role, provider.key, "bounces", provider.name
            )
    for registrar in world.registrars:
        if registrar.rdap == "several":
            legal = f"legal@{registrar.domain}"
            found[legal] = Desk(legal, "registrar", registrar.key, "acknowledges", registrar.name)
        found[registrar.abuse] = Desk(registrar.abuse, "registrar", registrar.key, registrar.desk, registrar.name)
    for operator in world.operators:
        if operator.mailbox:
            found[operator.mailbox] = Desk(operator.mailbox, "operator", operator.key, operator.desk, operator.sites[0])
    removals = f"removals@{world.search_domain}"
    found[removals] = Desk(removals, "search", "search", "delists", "Quaestio")
    return found


def _controlled(state: State, desk: Desk, assets: list[Asset]) -> list[Asset]:
    """Which of ``assets`` the desk can act on."""
    if desk.role == "operator":
        sites = set(state.world.operator(desk.key).sites)
        return [asset for asset in assets if asset.site.domain in sites]
    if desk.role == "host":
        return [asset for asset in assets if state.host_of(asset.url.split("/")[2]) == desk.key]
    if desk.role == "upstream":
        under = {entry.key for entry in state.world.providers if entry.upstream == desk.key}
        return [asset for asset in assets if state.host_of(asset.url.split("/")[2]) in under]
    if desk.role == "cdn":
        return [asset for asset in assets if asset.site.cdn == desk.key and state.behind_cdn(asset.url.split("/")[2])]
    if desk.role == "registrar":
        return [asset for asset in assets if asset.site.registrar == desk.key]
    return assets if desk.role == "search" else []


def look(state: State, desk: Desk, urls: list[str]) -> View:
    """What ``desk`` sees in a mail naming ``urls``. A URL stands for its whole gallery."""
    wide: dict[str, Asset] = {}
    for url in urls:
        for asset in state.siblings(canonical(url)):
            wide[asset.url] = asset
    mine = _controlled(state, desk, list(wide.values()))
    alive = [asset for asset in mine if state.stands(asset.url)]
    sites = sorted({asset.site.domain for asset in mine})
    for url in urls:
        site = state.by_host.get(canonical(url).split("/")[2])
        if site is not None and site.domain not in sites and desk.role in {"registrar", "operator"}:
            owned = site.registrar == desk.key or site.operator == desk.key
            sites += [site.domain] if owned else []
    before = [set(each) for each in state.mails.get(desk.address, [])]
    asked = {canonical(url) for url in urls}
    host = state.world.provider(state.host_of(sites[0])) if sites else None
    return View(
        desk=desk.behaviour,
        role=desk.role,
        address=desk.address,
        company=desk.company,
        pages=[asset.url for asset in alive if asset.role == "page"],
        media=[asset.url for asset in alive if asset.role != "page"],
        gone=[asset.url for asset in mine if not state.stands(asset.url)],
        cached=[asset.url for asset in mine if state.in_cache(asset.url)],
        sites=sites,
        earlier=sum(1 for each in before if each & asked),
        host_name=host.name if host else "",
        host_abuse=host.abuse if host else "",
    )


def receive(state: State, desk: Desk, notice: Notice) -> list[Move]:
    """One accepted mail for one recipient: log it, decide, schedule. Returns the moves, for tests."""
    state.log(
        "mail",
        to=desk.address,
        role=desk.role,
        party=desk.key,
        **{"from": notice.sender},
        message_id=notice.message_id,
        subject=notice.subject,
        urls=notice.urls,
        step=notice.step,
        type=notice.kind,
        reply_to=notice.reply_to,
        automatic=notice.automatic,
    )
    if desk.role == "trap" or notice.automatic:
        return []
    view = look(state, desk, notice.urls)
    rng = Random(f"{state.world.seed}:{desk.address}:{sorted(notice.urls)}:{view.earlier}")
    moves = desks.decide(view, rng) if notice.urls else []
    state.mails.setdefault(desk.address, []).append(notice.urls)
    for move in moves:
        if move.do in {"reply", "dsn"}:
            state.later(
                move.after_s,
                move.do,
                desk=desk.address,
                company=desk.company,
                tone=move.tone,
                text=move.text,
                message_id=notice.message_id,
                subject=notice.subject,
                to=notice.sender if move.do == "dsn" else notice.reply_to,
            )
        else:
            state.later(move.after_s, move.do, targets=move.targets, by=desk.address, reply_to=notice.reply_to)
    return moves


def file_form(state: State, site: str, urls: list[str]) -> None:
    """A report typed into a site's own form: the operator's desk gets it, without a way to answer."""
    state.log("form", site=site, urls=urls)
    operator = state.world.operator(state.world.site(site).operator)
    desk = Desk(f"form:{site}", "operator", operator.key, operator.desk, site)
    view = look(state, desk, urls)
    rng = Random(f"{state.world.seed}:{desk.address}:{sorted(urls)}:{view.earlier}")
    state.mails.setdefault(desk.address, []).append(urls)
    _silently(state, desk, desks.decide(view, rng))


def apply(state: State, event: Event) -> Outgoing | None:
    """Let one due event happen; returns the mail it sends, if it sends one."""
    data: dict[str, Any] = event.data
    kind = event.kind
    if kind in {"publish", "return"}:
        state.put_up(state.world.item(data["item"]))
    elif kind == "remove":
        state.take_down(data["targets"], data["by"])
    elif kind == "purge":
        state.purge(data["targets"])
    elif kind == "expire":
        _expire(state, data)
    elif kind in {"gate", "cloak"}:
        hidden = state.gated if kind == "gate" else state.cloaked
        for url in data["targets"]:
            hidden.add(url)
            state.log("gated" if kind == "gate" else "cloaked", url=url, by=data["by"])
    elif kind == "geo":
        for url in data["targets"]:
            state.restricted.add(url)
            state.log("geo-blocked", url=url, by=data["by"])
    elif kind == "show":
        for site in data["targets"]:
            state.shown.setdefault(site, []).append(data.get("reply_to", ""))
            state.touch(site)
            state.log("notice-shown", site=site, by=data["by"])
    elif kind == "tell":
        _tell(state, data["targets"])
    elif kind == "forward":
        _forward(state, data["targets"])
    elif kind == "move":
        _move(state, data["targets"])
    elif kind == "hold":
        for site in data["targets"]:
            state.held.add(site)
            state.log("site-held", site=site)
    elif kind == "delist":
        for url in data["targets"]:
            if url not in state.delisted:
                state.delisted.add(url)
                state.log("delisted", url=url)
    elif kind in {"reply", "dsn"}:
        mail = replies.compose(kind, data, state.now)
        state.log(
            "reply",
            **{"from": data["desk"]},
            to=mail.recipient,
            tone=data["tone"],
            message_id=mail.message_id,
            in_reply_to=data["message_id"],
        )
        return mail
    return None


def _forward(state: State, urls: list[str]) -> None:
    """The CDN passes a report on: each host concerned treats it as a mail of its own, but writes to nobody."""
    for key in sorted({state.host_of(url.split("/")[2]) for url in urls if state.stands(url)}):
        host = state.world.provider(key)
        desk = Desk(host.abuse, host.role, host.key, host.desk, host.name)
        view = look(state, desk, urls)
        rng = Random(f"{state.world.seed}:forward:{desk.address}:{sorted(urls)}:{view.earlier}")
        state.mails.setdefault(desk.address, []).append(urls)
        _silently(state, desk, desks.decide(view, rng))


def _tell(state: State, urls: list[str]) -> None:
    """A host passes a report on to its customers: each operator treats it as a mail of its own."""
    for domain in sorted({state.by_host[url.split("/")[2]].domain for url in urls if state.stands(url)}):
        operator = state.world.operator(state.world.site(domain).operator)
        desk = Desk(f"told:{domain}", "operator", operator.key, operator.desk, domain)
        view = look(state, desk, urls)
        rng = Random(f"{state.world.seed}:told:{domain}:{sorted(urls)}:{view.earlier}")
        state.mails.setdefault(desk.address, []).append(urls)
        _silently(state, desk, desks.decide(view, rng))


def _silently(state: State, desk: Desk, moves: list[Move]) -> None:
    for move in moves:
        if move.do not in {"reply", "dsn"}:
            state.later(move.after_s, move.do, targets=move.targets, by=desk.address)


def _expire(state: State, data: dict[str, Any]) -> None:
    """A cached copy has come of age."""
    url = data["url"]
    if url in state.cached and not state.in_cache(url):
        state.purge([url])


def _move(state: State, sites: list[str]) -> None:
    for domain in sites:
        site = state.world.site(domain)
        if site.next_host and domain not in state.moved:
            state.moved.add(domain)
            state.touch(domain)
            state.log("site-moved", site=domain, **{"from": site.host, "to": site.next_host})


async def advance(state: State, until: datetime, deliver: Deliver) -> int:
    """Let everything due up to ``until`` happen in order; mails are handed to ``deliver`` as they are written.
    Returns how many events happened. Time never runs backwards: an earlier ``until`` does nothing."""
    done = 0
    while state.queue and state.queue[0].at <= until:
        event = heapq.heappop(state.queue)
        state.now = max(state.now, event.at)
        mail = apply(state, event)
        done += 1
        if mail is not None:
            await deliver(mail)
    state.now = max(state.now, until)
    if done:
        state.log("advanced", to=show_time(state.now), events=done)
    return done
