"""Chromium with the pages' own steps in it, answered from memory: what a phone would make of a file. For tests and
benches."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from web.build import build

ORIGIN = "http://localhost"
POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; media-src blob:"
"""What the portal's page asks of the browser, for the parts in question."""
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
              "--disable-component-update"]  # fmt: skip
_TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".onnx": "application/octet-stream"}


class NoChromium(RuntimeError):
    """There is no Chromium on this machine."""


class Device:
    """A page that holds the steps. Files are handed over by name."""

    def __init__(self, page: Any, folder: Path, models: Path | None) -> None:
        self._page, self._folder, self._models = page, folder, models
        self.given: dict[str, bytes] = {}
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.route("**/*", self._answer)
        self._manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        page.goto(ORIGIN + "/")
        page.wait_for_function("window.measure")

    def _answer(self, route: Any) -> None:
        path = route.request.url.removeprefix(ORIGIN).split("?")[0]
        self.asked.append(route.request.url)
        name = path.rsplit("/", 1)[-1]
        if path == "/":
            script = (
                f'<!doctype html><title>-</title><script type="module" src="/built/{self._manifest["begin"]}"></script>'
            )
            route.fulfill(body=script, headers={"content-type": "text/html", "content-security-policy": POLICY})
        elif path.startswith("/given/"):
            route.fulfill(body=self.given[name], headers={"content-type": "application/octet-stream"})
        elif path.startswith("/built/"):
            route.fulfill(body=(self._folder / name).read_bytes(), headers={"content-type": _TYPES[Path(name).suffix]})
        elif path.startswith("/models/") and self._models is not None:
            route.fulfill(body=(self._models / name).read_bytes(), headers={"content-type": _TYPES[".onnx"]})
        else:
            route.abort()

    def load(self) -> None:
        """Loads the face models of ``models``, as a page does on "Begin"."""
        from efface.portal.device import net_plan

        assert self._models is not None
        plan = {name: [one["manifest"], f"/models/{one['file']}"] for name, one in net_plan(self._models).items()}
        self._page.evaluate(
            "plan => measure.load(plan)",
            {"wasm": f"/built/{self._manifest['wasm']}", "glue": f"/built/{self._manifest['glue']}", "nets": plan},
        )

    def make(
        self, data: bytes, name: str = "a.jpg", kind: str = "image/jpeg", *, faces: bool = False
    ) -> dict[str, Any]:
        """What is made of a file: ``decoded``, ``faces``, ``firstOnly``, ``ms``; or ``trouble``."""
        self.given = {"file": data}
        made: dict[str, Any] = self._page.evaluate(
            "([name, kind, faces]) => measure.one('/given/file', name, kind, faces)"
            ".catch(error => ({trouble: error.trouble || String(error)}))",
            [name, kind, faces],
        )
        return made

    def pixels(self, data: bytes, side: int) -> dict[str, Any]:
        """The picture as it is looked at: ``width``, ``height``, ``data`` (RGB, base64)."""
        self.given = {"file": data}
        found: dict[str, Any] = self._page.evaluate("side => measure.pixels('/given/file', side)", side)
        return found


@contextmanager
def device(models: Path | None = None) -> Iterator[Device]:
    """Raises ``NoChromium``, and ``web.build.BuildFailed``."""
    from playwright.sync_api import sync_playwright

    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not path:
        raise NoChromium("There is no Chromium on this machine: install the package chromium.")
    folder = Path(tempfile.gettempdir()) / "efface-device-measure"
    build(folder, "src/measure.ts")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield Device(browser.new_page(), folder, models)
        finally:
            browser.close()
