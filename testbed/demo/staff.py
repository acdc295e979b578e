"""The scripted people of the organisation. They decide from what the console shows; none of them knows the truth."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from testbed.demo.browser import Browser, Form, Page, PageFailed
from testbed.demo.installation import SignIn
from testbed.demo.outside import OutsideBrowser

CODE = re.compile(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b")
MOST_ROUNDS = 20


def find_code(page: Page) -> str:
    """The access code shown on a page. Raises ``PageFailed``."""
    shown = page.tree.css_first('[data-fact="access-code"]')
    found = CODE.search(shown.text() if shown else page.text())
    if not found:
        raise PageFailed("no access code is shown")
    return found.group()


@dataclass
class Worker:
    """Somebody at the console. ``done`` counts what they decided, by kind and answer."""

    origin: str
    who: SignIn
    outside: OutsideBrowser
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.browser = Browser(self.origin)
        page = self.browser.get("/console/sign-in/")
        landed = self.browser.submit(page.form("form[method=post]"), login=self.who.email, password=self.who.password)
        if "/sign-in/second/" in landed.url:
            asked = next(one for one in landed.forms() if "code" in one.fields)
            landed = self.browser.submit(asked, code=self.who.code())
        if "/sign-in/" in landed.url:
            raise PageFailed(f"{self.who.role} could not sign in")
        self.left_alone: set[tuple[str, str, str]] = set()
        self.failures: list[str] = []
        self.refresh = ""

    def act(self, now: datetime) -> int:
        """Work through the queue until nothing is left that this person decides."""
        count = 0
        if self.refresh and not self.browser.get(self.refresh).tree.css("a[href]"):
            # The open page says by itself when the queue changed.
            return 0
        for _ in range(MOST_ROUNDS):
            page = self.browser.get("/console/queue/")
            notice = page.tree.css_first("[hx-get]")
            self.refresh = (notice.attributes.get("hx-get") or "") if notice else ""
            forms = [one for one in page.forms("form.decision") if self.key(one) not in self.left_alone]
            if not forms:
                return count
            count += sum(self.decide(form) for form in forms)
        return count

    def decide(self, form: Form) -> int:
        """Answer one decision, or leave it alone. Returns how many things were done."""
        answer = getattr(self, "on_" + form.kind.replace("-", "_"), lambda _: None)(form)
        if answer is None:
            self.left_alone.add(self.key(form))
            return 0
        choice, filled = answer
        # What could not be decided is not tried for ever: it is asked again when it has changed.
        self.left_alone.add(self.key(form))
        try:
            self.browser.submit(form, stay=True, choice=choice, **filled)
        except PageFailed as error:
            self.failures.append(f"{form.kind} {choice}: {error}")
            return 0
        self.done[f"{form.kind}.{choice}"] += 1
        return 1

    @staticmethod
    def key(form: Form) -> tuple[str, str, str]:
        return form.kind, form.id, form.fields.get("mark", "")


Answer = tuple[str, dict[str, str]] | None


class Caseworker(Worker):
    """Decides as the handbook says: a picture match is confirmed without looking; a strong face match is put to her; a
    weak one is not hers until more speaks for it."""

    def open_case(
        self, label: str, language: str = "en", acquisition: str = "device_repair_lost_cloud"
    ) -> tuple[str, str]:
        """A new case; returns its page's address and the access code."""
        page = self.browser.get("/console/cases/new/")
        form = next(one for one in page.forms("form[method=post]") if "age" in one.fields)
        shown = self.browser.submit(
            form, age="adult", language=language, name=label, acquisition=acquisition, country="DE"
        )
        code = find_code(shown)
        address = next(link for link in shown.links() if re.search(r"/console/cases/[0-9a-f-]{36}/$", link))
        return address, code

    def attest(self, address: str) -> None:
        """The conversation with her, step by step, as the page asks."""
        page = self.browser.get(address.rstrip("/") + "/attest/")
        begin = next(one for one in page.forms("#begin"))
        page = self.browser.submit(begin, way="video")
        for given in ("yes", "no", "-", "yes", "yes", "identity card, redacted on her device"):
            page = self.browser.submit(next(one for one in page.forms("#step")), given=given)

    def on_match(self, form: Form) -> Answer:
        strong = form.fact("strong") == "yes"
        if form.fact("kind") == "face":
            return ("ask", {}) if strong else ("reject", {"why": "similarity below the strong threshold"})
        return ("confirm", {}) if strong else ("ask", {})

    def on_notice(self, form: Form) -> Answer:
        """Approve what names a recipient and a page, and says nothing of who she is."""
        text = form.node.text()
        if "Subject " in text or not form.fact("recipient"):
            return "refuse", {"why": "the notice names her or has no recipient"}
        return "approve", {}

    def on_filing(self, form: Form) -> Answer:
        """Open the party's form in a browser of one's own, copy the prepared answers, send, note the number."""
        answers: dict[str, str] = {}
        for entry in form.node.css("[data-field]"):
            answers[entry.attributes["data-field"] or ""] = entry.text(strip=True)
        reference = self.outside.file_form(form.fact("form-url"), answers, form.fact("role"))
        if not reference:
            return "refuse", {"why": "the form could not be sent"}
        return "filed", {"outside_reference": reference}

    def on_send(self, form: Form) -> Answer:
        return "sent", {}

    def on_reply(self, form: Form) -> Answer:
        guess = form.fact("guess-kind")
        return (guess if guess in form.choices() else form.choices()[-1]), {}

    def on_conflict(self, form: Form) -> Answer:
        return "again", {}

    def on_message(self, form: Form) -> Answer:
        return "answer", {"text": "Thank you. We are working on it and will write when something changes."}

    def on_link(self, form: Form) -> Answer:
        return "aside", {}


class Lead(Worker):
    """Approves attestations as the second worker. Ages are the survivor's to say."""

    def on_attestation(self, form: Form) -> Answer:
        if form.fact("spoke-alone") == "yes" and form.fact("proof"):
            return "approve", {}
        return "refuse", {}


class Coordinator(Worker):
    """Records that face search may be used."""

    def permit_face_search(self) -> None:
        page = self.browser.get("/console/face-search/")
        form = next(one for one in page.forms("form[method=post]") if "impact_assessment" in one.fields)
        self.browser.submit(
            form, choice="record", impact_assessment="DPIA 2026/1, kept by the data protection officer",
            legal_basis="explicit consent, Art. 9(2)(a) GDPR", countries="DE",
        )  # fmt: skip

    def act(self, now: datetime) -> int:
        return 0


def files_of(subject: dict[str, Any]) -> list[Path]:
    return [Path(name) for name in subject["files"]]
