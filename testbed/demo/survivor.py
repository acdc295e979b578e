"""A scripted survivor: enters with her code, gives her consents, enrols her pictures, answers what she is asked.

She decides from what the portal shows. She knows her own pictures and which sites she never used; she never sees a
picture, because the portal shows none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from testbed.demo.browser import Browser, Form, PageFailed

EVERY = timedelta(hours=48)


@dataclass
class Survivor:
    """One person in the portal. ``face`` says whether she wants her face looked for."""

    origin: str
    code: str
    files: list[Path]
    face: bool
    links: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.browser = Browser(self.origin)
        self.looked: datetime | None = None
        self.face_given = False
        self.enter()

    def enter(self) -> None:
        page = self.browser.get("/enter/")
        form = next(one for one in page.forms("form[method=post]") if "code" in one.fields)
        landed = self.browser.submit(form, code=self.code)
        if any("code" in one.fields for one in landed.forms("form[method=post]")):
            raise PageFailed("the code did not open the case")

    def consent(self, *purposes: str) -> None:
        for purpose in purposes:
            page = self.browser.get(self.place("consents"))
            for form in page.forms("form.consent"):
                if (form.fields.get("purpose") or form.id) == purpose and "give" in form.choices():
                    self.browser.submit(form, choice="give")
                    self.done[f"consent.{purpose}"] += 1
                    break

    def place(self, name: str) -> str:
        """Where the portal's own menu leads."""
        return {"case": "/case/", "consents": "/case/allow/", "pictures": "/case/pictures/", "link": "/case/"}[name]

    def enrol(self) -> str:
        """Choose the pictures on her own device; what comes back is what became of them."""
        page = self.browser.get(self.place("pictures"))
        form = next(one for one in page.forms("form[enctype]"))
        files = [("pictures", path.name, path.read_bytes()) for path in self.files]
        offered = form.node.css_first('[name="with_face"]') is not None
        self.face_given = self.face and offered
        changes = {"age": "adult"} | ({"with_face": "yes"} if self.face_given else {})
        answer = self.browser.submit(form, files, **changes)
        self.done["pictures"] += len(files)
        return answer.text()

    def report_links(self) -> None:
        for link in self.links:
            page = self.browser.get(self.place("link"))
            form = next(one for one in page.forms("form[method=post]") if "url" in one.fields)
            self.browser.submit(form, url=link)
            self.done["link"] += 1

    def act(self, now: datetime) -> int:
        """Every other day: answer candidates and age questions."""
        if self.looked is not None and now - self.looked < EVERY:
            return 0
        self.looked = now
        count = 0
        if self.face and not self.face_given:
            # The portal offers it once two workers have attested and the days of cooling-off are over.
            page = self.browser.get(self.place("pictures"))
            if page.tree.css_first('[name="with_face"]') is not None:
                self.enrol()
                count += 1
        for _ in range(100):
            page = self.browser.get(self.place("case"))
            form = next((one for one in page.forms("form.candidate, form.age-question")), None)
            if form is None:
                return count
            self.answer(form)
            count += 1
        return count

    def answer(self, form: Form) -> None:
        if "candidate" in form.classes():
            # She knows the pages she reported herself. For others all she has to go by are the words about how alike
            # it is, and a site she never gave a picture to.
            page = form.fact("page").replace("hxxp", "http").replace("[.]", ".")
            mine = form.fact("strong") == "yes" or page in self.links
            self.browser.submit(form, choice="me" if mine else "not-me", age="adult" if mine else "unknown")
            self.done["candidate.me" if mine else "candidate.not-me"] += 1
        else:
            self.browser.submit(form, choice="adult")
            self.done["age.adult"] += 1
