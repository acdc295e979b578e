"""The answers of ``efface whereabouts`` in words, for a terminal: hostile text stays text and links nowhere."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.text import Text

from efface.whereabouts.model import Contact, Dossier, Party
from efface.whereabouts.whois_text import clean

ROLES = {
    "operator": "Operator of the site", "host": "Host", "cdn": "CDN in front of the host",
    "upstream": "Network of the host", "registrar": "Registrar of the domain", "registry": "Registry of the suffix",
    "search": "Search engine", "payment": "Payment", "ads": "Advertising", "platform": "Platform", "isp": "Provider",
    "regulator": "Regulator", "hotline": "Hotline", "police": "Police",
}  # fmt: skip
ORDER = tuple(ROLES)
_NEVER = "its address is one that is never dialled"
REASONS = {
    "timeout": "it took too long", "nxdomain": "the name does not exist", "refused": "it refused the connection",
    "connect": "it could not be reached", "dns": "its name could not be looked up", "closed": "it hung up",
    "tls": "its certificate is not valid", "no address": "its name leads nowhere", "blocked": _NEVER,
    "forbidden-address": _NEVER, "bad-answer": "its answer made no sense", "too-large": "its answer was too long",
    "servfail": "its name server failed", "internal": "too much to ask at once",
    "unreachable": "it could not be reached",
}  # fmt: skip
SUBJECTS = {
    "rdap domain": "The registry of the domain", "whois": "WHOIS", "registrar": "The registrar",
    "rdap ip": "The registry of the address", "rdap autnum": "The registry of the network", "page": "The page",
    "dns": "DNS",
}  # fmt: skip


def partial(said: str) -> str:
    """A failed look-up in plain words."""
    said = defang(said)
    subject, colon, reason = said.partition(": ")
    if not colon:
        return f"{said[:1].upper()}{said[1:]}."
    who = next((words for start, words in SUBJECTS.items() if subject.startswith(start)), "")
    who = who or (host(subject) if "." in subject and "[" not in subject else subject[:1].upper() + subject[1:])
    word, _, detail = reason.partition(" ")
    if word == "status" and detail[:3].isdigit():
        busy = ": it is busy, try again later" if detail.startswith(("429", "503")) else ""
        return f"{who} gave no usable answer (status {detail[:3]}{busy})."
    if reason == "nobody said":
        return f"{who} is not known: nobody said."
    return f"{who} could not be asked: {REASONS.get(reason) or REASONS.get(word, reason)}."


def defang(text: str) -> str:
    """An address that no terminal makes a link of."""
    text = " ".join(clean(text).split())
    return re.sub(r"(?i)\bhttp(s?)://([^/\s]*)", lambda found: f"hxxp{found[1]}://{found[2].replace('.', '[.]')}", text)


def host(name: str) -> str:
    """A name, with what its punycode reads as beside it."""
    name = clean(name)
    try:
        own = name.encode("ascii").decode("idna") if "xn--" in name else ""
    except UnicodeError:
        own = ""
    shown = name.replace(".", "[.]")
    return f"{shown} (reads as {clean(own)}; letters may imitate another name)" if own and own != name else shown


def show(dossier: Dossier, console: Console | None = None) -> None:
    out = console or Console(highlight=False)
    out.print(Text(defang(dossier.url), style="bold"))
    _line(out, f"domain {host(dossier.domain)}" + (f", state {', '.join(dossier.status)}" if dossier.status else ""))
    if dossier.behind_cdn:
        _line(
            out, f"behind {dossier.behind_cdn}: where the site really stands is not known unless a host is named below"
        )
    for sign in dossier.signs:
        _line(out, f"! {defang(sign)}", "yellow")
    for party in sorted(dossier.parties, key=lambda one: ORDER.index(one.role)):
        _party(out, party)
    if dossier.partial:
        out.print()
        _line(out, "Not everything could be asked:", "bold")
        for words in dict.fromkeys(map(partial, dossier.partial)):
            _line(out, f"  {words}")


def _party(out: Console, party: Party) -> None:
    out.print()
    named = defang(party.name) or party.key
    _line(out, f"{ROLES[party.role]}: {named}" + (f" ({host(party.domain)})" if party.domain else ""), "bold")
    for reason in party.reasons:
        _line(out, f"    because: {defang(reason)}", "dim")
    if not party.contacts:
        _line(out, "    no way to reach it was found")
    for contact in party.contacts:
        _line(out, f"    {_contact(contact)}")


def _contact(contact: Contact) -> str:
    known = contact.source.startswith("playbook")
    value = clean(contact.value) if known or contact.channel != "form" else defang(contact.value)
    steps = f", decoded: {defang(', '.join(contact.steps))}" if contact.steps else ""
    where = f" at {defang(contact.source_url)}" if contact.source_url else ""
    return f"{contact.confidence:.2f}  {contact.channel}  {value}  (from {defang(contact.source)}{where}{steps})"


def show_records(rows: list[dict[str, Any]], console: Console | None = None) -> None:
    out = console or Console(highlight=False)
    for row in rows:
        _line(out, f"{host(row['domain']) or 'no domain'}: {', '.join(row['status']) or 'nothing said'}", "bold")
        for name in ("registrar", "registrar_url", "created", "updated", "expires"):
            if row[name]:
                _line(out, f"    {name.replace('_', ' ')}: {defang(row[name])}")
        for desk in (*row["abuse"], *row["abuse_phones"]):
            _line(
                out,
                f"    abuse desk of the {desk['party']}: {desk['channel']} {defang(desk['value'])} ({desk['source']})",
            )
        for desk in row["small_print"]:
            _line(out, f"    named in the small print: {desk['value']}")
        for name in row["nameservers"]:
            _line(out, f"    name server: {host(name)}")


def _line(out: Console, words: str, style: str = "") -> None:
    """Text as it is: no markup, no link, no colour of a stranger's."""
    out.print(Text(clean(words), style=style), soft_wrap=True)
