"""In whose books a domain stands: registrar, registry, and a registrant where one is named. RDAP first, then WHOIS."""

from __future__ import annotations

from typing import Any

from efface.whereabouts import rdap, whois
from efface.whereabouts.hosts import best
from efface.whereabouts.model import Contact, Link, Party
from efface.whereabouts.playbook import Playbook
from efface.whereabouts.transport import Transport, Unanswered

_PRIVACY = ("privacy", "proxy", "whoisguard", "redacted", "domainsbyproxy", "withheld", "contact.gandi", "anonym",
            "o-w-o", "whoisprivacy", "identity-protect", "onamae", "private")  # fmt: skip


NESTED, BESIDE = 0.9, 0.75
"""Worth of an abuse desk inside the registrar's entry, and of one beside it."""
REGISTRANT, ELSEWHERE, FREE_TEXT, HIDDEN = 0.5, 0.3, 0.09, 0.05
"""Worth of a registrant's address: on the domain itself, elsewhere, elsewhere in WHOIS, behind a privacy service."""


class Registration:
    """What registries say of one domain. ``status`` are EPP's words; ``created`` is an ISO date, or "" unsaid."""

    def __init__(
        self, domain: str, whois_servers: dict[str, Any] | None, registries: rdap.Registries, book: Playbook
    ) -> None:
        self.domain, self.whois_servers, self.registries, self.book = domain, whois_servers, registries, book
        self.status: tuple[str, ...] = ()
        self.created = ""
        self.registrar: Party | None = None
        self.registrant: list[Contact] = []

    async def ask(self, transport: Transport, partial: list[str]) -> None:
        """Never raises: what could not be asked is appended to ``partial``."""
        if not self.domain:
            return
        url = self.registries.domain(self.domain)
        if url:
            try:
                self._from_rdap(rdap.read(await transport.get_json(url)))
            except Unanswered as error:
                partial.append(f"rdap domain: {error}")
        if self.registrar is None or not self.registrar.contacts:
            try:
                self._from_whois(await whois.ask(transport, self.domain, self.whois_servers))
            except Unanswered as error:
                partial.append(f"whois: {error}")
        if self.registrar is None:
            partial.append("registrar: nobody said")

    def _from_rdap(self, record: rdap.Record) -> None:
        self.status = record.status
        self.created = record.created
        for held in record.cards:
            if "registrant" in held.roles:
                self.registrant += [self._registrant(value, "rdap-registrant") for value in held.emails]
        card = record.registrar()
        if card is None:
            return
        desks = [one for one in record.abuse() if "registrar" in one.path or "registrar" in one.roles]
        worth = NESTED
        if not desks:
            # Some registries put the registrar's desk beside the registrar; one inside a registrant's entry is not it.
            desks, worth = [one for one in record.abuse() if not one.path], BESIDE
        desks.sort(key=lambda one: one.roles[0] != "abuse")
        contacts = [
            contact
            for number, one in enumerate(desks)
            for contact in _contacts(one, "rdap-registrar", worth - 0.02 * number)
        ]
        self.registrar = self._party(card.public_id, card.name or card.handle, contacts)

    def _from_whois(self, answer: whois.Whois) -> None:
        self.status = self.status or answer.status
        self.created = self.created or answer.created
        self.registrant += [self._registrant(value, "whois-registrant") for value in answer.registrant_emails]
        if not answer.registrar and not answer.abuse:
            return
        contacts = [Contact("email", value, "whois", confidence=0.7) for value in answer.abuse]
        known = self.registrar
        name = known.name if known and known.name else answer.registrar
        self.registrar = self._party(answer.registrar_id, name, contacts, known.key if known else "")

    def _party(self, number: str, name: str, contacts: list[Contact], key: str = "") -> Party:
        known = self.book.registrar(number)
        desks = known.contacts() if known is not None else []
        reasons = [f"registrar of {self.domain}"]
        return Party(
            "registrar", key or f"registrar:{number or slug(name)}", name, contacts=best([*desks, *contacts]),
            reasons=reasons,
        )  # fmt: skip

    def _registrant(self, value: str, source: str) -> Contact:
        """A registrant's address. Behind a privacy service it is worth next to nothing. WHOIS is free text in which
        registrants write what they like, also a stranger's address: what is not of the domain itself is for a person
        to judge, and no notice goes there by itself."""
        host = value.rpartition("@")[2]
        own = host == self.domain or host.endswith("." + self.domain)
        if any(word in value for word in _PRIVACY):
            return Contact("email", value, source, confidence=HIDDEN)
        if not own and source == "whois-registrant":
            return Contact("email", value, source, confidence=FREE_TEXT, note="free text of the registrant")
        return Contact("email", value, source, confidence=REGISTRANT if own else ELSEWHERE)

    def parties(self) -> tuple[list[Party], list[Link]]:
        """Registrar, and the registry where it is known to take such reports."""
        if self.registrar is None:
            return [], []
        made = [self.registrar]
        links = [Link(f"name:{self.domain}", self.registrar.key, self.registrar.reasons[0])]
        suffix = self.domain.rpartition(".")[2]
        known = self.book.registry(suffix)
        if known is not None and known.desks:
            registry = known.party(f"registry of .{suffix}", f"registry:{suffix}")
            made.append(registry)
            links.append(Link(self.registrar.key, registry.key, registry.reasons[0]))
        return made, links


def _contacts(card: rdap.Card, source: str, confidence: float) -> list[Contact]:
    worth = round(confidence, 3)
    mails = [Contact("email", value, source, confidence=worth) for value in card.emails]
    return mails + [Contact("form", value, source, confidence=round(worth - 0.1, 3)) for value in card.uris]


def slug(name: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())[:60] or "unknown"
