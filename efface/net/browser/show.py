"""One page in one fresh browser: shown, scrolled, read, without a single picture given to it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any

from efface.net.browser.cdp import Cdp, CdpError
from efface.net.browser.model import Render, Rendered

QUIET_S, STEP_QUIET_S = 0.5, 0.3
LOAD_S = 8.0
MOST_MEDIA = 300
MOST_DIALOGS = 5
MOST_MOVES = 6
MOST_HIDDEN, MOST_SHEETS, ROUNDS = 3000, 300, 8
_MEDIA = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp|mp4|m4v|webm|mov|mkv|m3u8|mpd)(?:$|[?#])", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|bmp)(?:$|[?#])", re.IGNORECASE)
_PIECE = re.compile(r"\.(?:ts|m4s|m4v|mp4|webm|m4a|aac|mp3|cmfv|cmfa)(?:$|[?#])", re.IGNORECASE)
_NEVER = frozenset(
    {"Media", "Font", "Ping", "CSPViolationReport", "Manifest", "SignedExchange", "TextTrack", "Prefetch"}
)
_TOLD = frozenset({"application/vnd.apple.mpegurl", "application/x-mpegurl", "application/dash+xml"})
_PIXEL = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""A transparent GIF of one pixel: what every picture is answered with, so that scripts that wait for one go on."""
_HEADERS = [
    {"name": "Content-Type", "value": "image/gif"},
    {"name": "Access-Control-Allow-Origin", "value": "*"},
]

_BEFORE = """
(() => {
  const no = () => Promise.reject(new DOMException('blocked', 'SecurityError'));
  try { if (navigator.serviceWorker) navigator.serviceWorker.register = no; } catch (e) {}
  for (const name of ['alert', 'confirm', 'prompt', 'print'])
    try { Object.defineProperty(window, name, {value: () => null}); } catch (e) {}
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport', 'SharedWorker'])
    try { Object.defineProperty(window, name, {value: undefined}); } catch (e) {}
})();
"""
_READ = """
(() => {
  const most = %d, parts = [document.documentElement.outerHTML.slice(0, most)];
  let size = parts[0].length, count = 0;
  for (const node of document.querySelectorAll('*')) {
    if (++count > 20000 || size > most) break;
    if (node.shadowRoot) { const inner = node.shadowRoot.innerHTML.slice(0, 200000); size += inner.length;
      parts.push('<div>' + inner + '</div>'); }
  }
  return {url: location.href, html: parts.join('\\n').slice(0, most)};
})()
"""
_SCROLL = """
(() => { const e = document.scrollingElement || document.documentElement, before = e.scrollTop;
  window.scrollBy(0, Math.max(200, innerHeight * 0.9)); return [e.scrollTop > before, e.scrollHeight]; })()
"""

_BLIND = """
(() => {
  const nothing = () => null, set = (on, name, value) => { try {
    Object.defineProperty(on, name, {value, writable: false, configurable: false}); } catch (e) {} };
  for (const kind of ['HTMLCanvasElement', 'OffscreenCanvas'])
    if (self[kind]) { set(self[kind].prototype, 'getContext', nothing);
      set(self[kind].prototype, 'transferControlToOffscreen', nothing); }
  for (const name of ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource', 'Worker', 'ImageDecoder',
                      'VideoDecoder'])
    set(self, name, undefined);
})();
"""
"""Run before any script of a page of which a picture is made: nothing can paint pixels."""
_GONE = frozenset({"CANVAS", "VIDEO", "SVG", "OBJECT", "EMBED", "IFRAME", "FRAME", "FRAMESET", "AUDIO", "TEMPLATE"})
"""What may draw, and is taken out: a picture in it could be used from elsewhere (a filter of an SVG)."""
_HIDDEN = "visibility:hidden!important;opacity:0!important;background:none!important"
SHOT_WIDTH, MOST_SHOT_HEIGHT, MOST_SHOT = 1280, 6000, 4_000_000
"""Pixels, and letters of base64."""
_ESCAPE = re.compile(r"\\[0-9a-fA-F]{1,6}\s?|\\.|\\", re.DOTALL)
_SCHEME = re.compile(r"(?:data|blob|filesystem)\s*:", re.IGNORECASE)


def without_data(css: str) -> str:
    """A style sheet in which no address holds its own bytes, however it is written: escapes and tabs go first. Only for
    a picture of the page; what is kept of the page is cut elsewhere."""
    return _SCHEME.sub("cut:", _ESCAPE.sub("x", css.replace("\t", " ")))


class Show:
    """``run`` once. Whatever the page does, what was seen until then can be had."""

    def __init__(self, request: Render, reading: int, writing: int) -> None:
        self.request = request
        self.cdp = Cdp(reading, writing, self._hear)
        self.session = ""
        self.media: dict[str, None] = {}
        self.open: set[str] = set()
        self.requests = self.dialogs = self.popups = self.moves = 0
        self.error = self._main = ""
        self.sheets: dict[str, None] = {}
        self.truncated = False
        self.loaded, self.stop = asyncio.Event(), asyncio.Event()
        self.moved_at = 0.0
        self.html, self.url, self.shot = "", request.url, ""

    async def run(self) -> None:
        """Raises nothing but cancellation; ``error`` says what went wrong."""
        try:
            async with asyncio.timeout(self.request.total_s):
                await self._begin()
                await self._settle(LOAD_S)
                await self._scroll()
        except TimeoutError:
            self.error = self.error or "timeout"
        except CdpError:
            self.error = self.error or "crashed"
        with contextlib.suppress(CdpError, TimeoutError):
            await self._look()
        if self.request.shot and self.html:
            with contextlib.suppress(CdpError, TimeoutError, KeyError, TypeError, ValueError):
                self.shot = await self._shoot()

    async def _shoot(self) -> str:
        """The page as it stands, without what may be a picture. Its scripts are stopped first; what cannot be looked
        into (frames, closed shadow trees are looked into) is hidden. Where any of it cannot be hidden there is no
        picture at all."""
        await self._ask("Emulation.setScriptExecutionDisabled", value=True)
        tree = await self._ask("DOM.getDocument", 10.0, depth=-1, pierce=True)
        steps, waiting = list[tuple[str, dict[str, Any]]](), [tree["root"]]
        while waiting:
            node = waiting.pop()
            name, number = str(node.get("nodeName", "")).upper(), int(node["nodeId"])
            attributes = node.get("attributes") or []
            style = attributes[attributes.index("style") + 1] if "style" in attributes[::2] else ""
            if name in _GONE:
                steps.append(("DOM.removeNode", {"nodeId": number}))
                continue
            if name == "IMG" or (name == "INPUT" and "image" in [one.lower() for one in attributes]):
                steps.append(("DOM.setAttributeValue", {"nodeId": number, "name": "style", "value": _HIDDEN}))
                continue
            if style and style != without_data(style):
                value = without_data(style)
                steps.append(("DOM.setAttributeValue", {"nodeId": number, "name": "style", "value": value}))
            for inner in ("children", "shadowRoots"):
                waiting.extend(node.get(inner) or ())
        if len(steps) > MOST_HIDDEN or self.truncated:
            return ""
        for method, given in steps:
            await self._ask(method, **given)
        if not await self._clean_sheets():
            return ""
        size = (await self._ask("Page.getLayoutMetrics"))["cssContentSize"]
        height = max(200, min(MOST_SHOT_HEIGHT, int(size["height"])))
        clip = {"x": 0, "y": 0, "width": SHOT_WIDTH, "height": height, "scale": 1}
        answer = await self._ask(
            "Page.captureScreenshot", 15.0, format="png", clip=clip, captureBeyondViewport=True, optimizeForSpeed=False
        )
        data = str(answer["data"])
        return data if len(data) <= MOST_SHOT else ""

    async def _clean_sheets(self) -> bool:
        """Take pictures out of every style sheet; False where that came to no end (sheets that import others anew)."""
        await self._ask("CSS.enable", 10.0)
        done: set[str] = set()
        for _ in range(ROUNDS):
            left = [sheet for sheet in self.sheets if sheet not in done]
            if not left:
                return not self.truncated
            for sheet in left:
                done.add(sheet)
                try:
                    text = str((await self._ask("CSS.getStyleSheetText", styleSheetId=sheet))["text"])
                    if text != without_data(text):
                        await self._ask("CSS.setStyleSheetText", 10.0, styleSheetId=sheet, text=without_data(text))
                except CdpError:
                    if sheet in self.sheets:  # it is still there, and was not cleaned
                        return False
            await asyncio.sleep(STEP_QUIET_S)  # what they import comes now
        return False

    def seen(self) -> Rendered:
        return Rendered(
            self.url[:2048], self.html, list(self.media)[:MOST_MEDIA], self.requests, self.dialogs, self.popups,
            self.error, self.shot,
        )  # fmt: skip

    async def _begin(self) -> None:
        targets = await self.cdp.ask("Target.getTargets")
        pages = [one for one in targets.get("targetInfos", []) if one.get("type") == "page"]
        made = pages[0] if pages else await self.cdp.ask("Target.createTarget", url="about:blank")
        target = made["targetId"]
        self.session = (await self.cdp.ask("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        self._main = target
        await self.cdp.ask("Browser.setDownloadBehavior", behavior="deny")
        await self.cdp.ask("Target.setDiscoverTargets", discover=True)
        await self._ask("Fetch.enable", handleAuthRequests=True, patterns=[{"urlPattern": "*"}])
        await self._ask("Page.enable")
        await self._ask("Network.enable", maxTotalBufferSize=1_000_000, maxResourceBufferSize=100_000)
        await self._ask("Network.setBypassServiceWorker", bypass=True)
        await self._ask("Network.setCacheDisabled", cacheDisabled=False)
        await self._ask("Network.setUserAgentOverride", userAgent=self.request.agent, acceptLanguage="en")
        await self._ask("Page.addScriptToEvaluateOnNewDocument", source=_BEFORE)
        if self.request.shot:
            await self._ask("Page.addScriptToEvaluateOnNewDocument", source=_BLIND)
        await self._ask(
            "Emulation.setDeviceMetricsOverride", width=1280, height=1600, deviceScaleFactor=1, mobile=False
        )
        self.cdp.say("Page.navigate", self.session, url=self.request.url)

    async def _ask(self, method: str, timeout_s: float = 5.0, **given: Any) -> dict[str, Any]:
        return await self.cdp.ask(method, self.session, timeout_s, **given)

    async def _settle(self, seconds: float, quiet: float = QUIET_S) -> None:
        """Until the page was loaded and asks for nothing more for a moment."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._first(self.loaded)
        while loop.time() < until and not self.stop.is_set() and not self.cdp.gone.is_set():
            if not self.open and loop.time() - self.moved_at > quiet:
                return
            await asyncio.sleep(0.05)
        if self.cdp.gone.is_set():
            raise CdpError("gone")

    async def _first(self, event: asyncio.Event) -> None:
        waits = [asyncio.create_task(one.wait()) for one in (event, self.stop, self.cdp.gone)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _scroll(self) -> None:
        still = last = 0
        for _ in range(self.request.scrolls):
            if self.stop.is_set():
                return
            answer = await self._ask("Runtime.evaluate", 3.0, expression=_SCROLL, returnByValue=True)
            value = answer.get("result", {}).get("value")
            if not isinstance(value, list) or len(value) != 2:
                return
            await self._settle(2.0, STEP_QUIET_S)
            still = still + 1 if not value[0] and value[1] == last else 0
            last = value[1]
            if still >= 2:
                return

    async def _look(self) -> None:
        """Take the page as it stands. One that is busy is stopped first."""
        expression = _READ % self.request.html
        for attempt in (1, 2):
            try:
                answer = await self._ask("Runtime.evaluate", 3.0, expression=expression, returnByValue=True)
                break
            except TimeoutError:
                if attempt == 2:
                    raise
                await self._ask("Runtime.terminateExecution", 1.0)
        value = answer.get("result", {}).get("value")
        if isinstance(value, dict):
            self.html, self.url = str(value.get("html", ""))[: self.request.html], str(value.get("url", ""))
            if self.url.startswith("chrome-error:"):
                self.html, self.url, self.error = "", self.request.url, self.error or "unreachable"

    # What the browser tells.

    def _hear(self, name: str, given: dict[str, Any], session: str) -> None:
        with contextlib.suppress(CdpError, KeyError, TypeError, AttributeError):
            if name == "Fetch.requestPaused":
                self._paused(given, session)
            elif name == "Fetch.authRequired":
                self._password(given, session)
            elif name == "Page.loadEventFired":
                self.loaded.set()
            elif name == "Page.javascriptDialogOpening":
                self._dialog(session)
            elif name == "Target.targetCreated":
                self._target(given["targetInfo"])
            elif name in ("Network.loadingFinished", "Network.loadingFailed"):
                self.open.discard(given["requestId"])
                self.moved_at = asyncio.get_running_loop().time()
            elif name == "CSS.styleSheetAdded":
                self.sheets.setdefault(str(given["header"]["styleSheetId"]))
                self.truncated = self.truncated or len(self.sheets) > MOST_SHEETS
            elif name == "CSS.styleSheetRemoved":
                self.sheets.pop(str(given["styleSheetId"]), None)
            elif name == "Inspector.targetCrashed":
                self.end("crashed")

    def end(self, error: str) -> None:
        """Go no further; what was seen until now counts."""
        self.error = self.error or error
        self.stop.set()

    def _dialog(self, session: str) -> None:
        self.dialogs += 1
        self.cdp.say("Page.handleJavaScriptDialog", session, accept=False)
        if self.dialogs > MOST_DIALOGS:
            self.cdp.say("Runtime.terminateExecution", session)
            self.end("dialogs")

    def _target(self, info: dict[str, Any]) -> None:
        if info.get("type") == "page" and info.get("targetId") != self._main:
            self.popups += 1
            self.cdp.say("Target.closeTarget", targetId=info["targetId"])

    def _password(self, given: dict[str, Any], session: str) -> None:
        proxy = given["authChallenge"].get("source") == "Proxy"
        answer = {"response": "ProvideCredentials", "username": "efface", "password": self.request.token}
        self.cdp.say(
            "Fetch.continueWithAuth", session, requestId=given["requestId"],
            authChallengeResponse=answer if proxy else {"response": "CancelAuth"},
        )  # fmt: skip

    def _paused(self, given: dict[str, Any], session: str) -> None:
        """A request that waits to be let through. Pictures and videos are written down, and never fetched: told by
        what asks for them and by their name, and where both lie, by what the answer says it is before it is read."""
        if "responseStatusCode" in given or "responseErrorReason" in given:
            self._answered(given, session)
            return
        number, kind, url = given["requestId"], str(given.get("resourceType", "")), str(given["request"]["url"])
        self.requests += 1
        self.moved_at = asyncio.get_running_loop().time()
        document = kind == "Document" and given.get("frameId") == self._main
        self.moves += document
        if self.requests > self.request.requests or self.moves > MOST_MOVES:
            self.cdp.say("Fetch.failRequest", session, requestId=number, errorReason="BlockedByClient")
            self.end("requests")
            return
        is_web = url.startswith(("http:", "https:")) and len(url) <= 2048
        if is_web and (kind in ("Image", "Media") or _MEDIA.search(url)):
            self.media.setdefault(url)
        if kind == "Image" or _PICTURE.search(url):
            answer = {"responseCode": 200, "responseHeaders": _HEADERS, "body": _PIXEL}
            self.cdp.say("Fetch.fulfillRequest", session, requestId=number, **answer)
        elif kind in _NEVER or _PIECE.search(url):
            self.cdp.say("Fetch.failRequest", session, requestId=number, errorReason="BlockedByClient")
        else:
            if given.get("networkId"):
                self.open.add(given["networkId"])
            self.cdp.say("Fetch.continueRequest", session, requestId=number, interceptResponse=True)

    def _answered(self, given: dict[str, Any], session: str) -> None:
        """An answer whose head is there and whose body is not read yet."""
        number, url = given["requestId"], str(given["request"]["url"])
        heads = {str(one["name"]).lower(): str(one["value"]) for one in given.get("responseHeaders") or ()}
        said = heads.get("content-type", "").partition(";")[0].strip().lower()
        if said in _TOLD or (said.startswith(("image/", "video/", "audio/")) and said != "image/svg+xml"):
            if url.startswith(("http:", "https:")) and len(url) <= 2048:
                self.media.setdefault(url)
            self.open.discard(given.get("networkId", ""))
            self.cdp.say("Fetch.failRequest", session, requestId=number, errorReason="BlockedByClient")
        else:
            self.cdp.say("Fetch.continueRequest", session, requestId=number)
