"""The pages of her door, by who sees them, and what is measured on each in Chromium."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

PUBLIC = {
    "start": "/", "enter": "/enter/", "places": "/places/", "place": "/places/de/", "neutral": "/page/",
    "advice": "/advice/", "begin": "/begin/", "back": "/back/", "own-face": "/own/", "statements": "/statements/",
    "nothing": "/no-such-page/",
}  # fmt: skip
"""Of anybody, without a code. Each page stands here: a test asks the addresses of the portal for those left out."""
HERS = {
    "case": "/case/", "all": "/case/?show=all", "allow": "/case/allow/", "uses": "/case/allow/of/notify/",
    "talk": "/case/talk/", "messages": "/case/messages/", "timeline": "/case/timeline/",
    "pictures": "/case/pictures/", "proof": "/case/proof/", "letter": "/case/letter/", "me": "/case/me/",
    "lists": "/case/lists/", "questions": "/case/questions/", "contact": "/case/contact/", "links": "/case/links/",
    "access": "/case/access/", "word": "/case/code/word/", "steps": "/case/steps/", "all-steps": "/case/steps/?all=1",
    "ask": "/case/steps/safe_now/", "ask-country": "/case/steps/country/", "ask-words": "/case/steps/own_words/",
    "typed": "/case/typed/", "everything": "/case/everything/", "others": "/case/others/", "end": "/case/end/",
}  # fmt: skip
"""Of somebody with a case."""
YOUNG = {
    "young-case": "/case/", "young-pictures": "/case/pictures/", "young-lists": "/case/lists/", "young-me": "/case/me/",
    "young-allow": "/case/allow/", "young-proof": "/case/proof/", "young-letter": "/case/letter/",
}  # fmt: skip
"""Of somebody under 18, where they differ."""
KEPT_OUT = {
    "block-case": "/case/", "block-allow": "/case/allow/", "block-pictures": "/case/pictures/",
    "block-talk": "/case/talk/", "block-messages": "/case/messages/", "block-timeline": "/case/timeline/",
}  # fmt: skip
"""Of somebody who only keeps her face out of searches."""

RULES = {"runOnly": {"type": "tag", "values": [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
]}}  # fmt: skip
WIDER = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 0) return "";
  const out = [...document.querySelectorAll("main *, header *, footer *")].find(
    (one) => { const box = one.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1; });
  return wide + " px: " + (out ? out.outerHTML.slice(0, 120) : "?");
}"""


def axe(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']} {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


def shot(page: Any, name: str) -> None:
    shots = os.environ.get("EFFACE_SHOTS", "")
    if shots:
        Path(shots).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{shots}/{name}.png", full_page=True)
