"""The process that starts browsers: of another user than everything else, and never with a secret.

``python -m efface.net.browser.runner FD``. It hears requests (``Render``) on the inherited socket, one at a time, and
answers each (``Rendered``). For each page a fresh browser is started on a fresh folder, confined by Landlock to that
folder and to the proxy's port, watched for memory, ended with all its processes, and the folder is wiped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from efface.net import frames, landlock
from efface.net.browser.model import Render, Rendered
from efface.net.browser.show import Show
from efface.net.process import die_with_parent, no_dumps
from efface.net.protocol import ProtocolError, from_wire, to_wire

USER = 59_983
"""User id of browsers where we are root. Nobody else's: what runs as "nobody" is not theirs to read."""
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_TREES = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys", "/dev", "/opt", "/run/systemd/resolve")
_WATCH_S = 0.2
_FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
    "--disable-translate", "--disable-quic", "--disable-gpu", "--disable-dev-shm-usage", "--disable-breakpad",
    "--disable-crash-reporter", "--disable-notifications", "--disable-site-isolation-trials",
    "--disable-client-side-phishing-detection", "--disable-domain-reliability", "--disable-speech-api", "--mute-audio",
    "--no-pings", "--no-service-autorun", "--password-store=basic", "--use-mock-keychain", "--metrics-recording-only",
    "--proxy-bypass-list=<-loopback>", "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disk-cache-size=1048576", "--media-cache-size=1048576", "--renderer-process-limit=2",
    "--js-flags=--max-old-space-size=256",
    "--disable-features=IsolateOrigins,site-per-process,DialMediaRouteProvider,MediaRouter,OptimizationHints,"
    "Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater,InterestFeedContentSuggestions",
)  # fmt: skip

_BLIND = ("--blink-settings=imagesEnabled=false", "--disable-3d-apis", "--disable-remote-fonts")
"""Where a picture of the page is made: no picture is ever drawn, wherever its bytes come from."""


def executable() -> str:
    """The system's Chromium; "" where there is none."""
    path = "/usr/bin:/usr/local/bin:/bin:/opt/google/chrome"
    return next((found for name in NAMES if (found := shutil.which(name, path=path))), "")


def become_nobody_else() -> int:
    """Where we are root, become the browsers' own user. The user id afterwards."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
    no_dumps()
    return os.geteuid()


MEMORY = Path("/dev/shm")  # noqa: S108 - memory, and the folder in it has a random name and is ours alone
"""Where a browser's folder lies: never on a disk (tmpfs, gone with the machine)."""
PREFIX = "efface-browser-"


def clear_left() -> None:
    """Remove what runners that were killed left behind; a folder bears the number of its process."""
    for folder in MEMORY.glob(f"{PREFIX}*-*") if MEMORY.is_dir() else ():
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Runner:
    """``sandbox``: whether Chromium's own sandbox works here too, None until it was tried."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.sandbox: bool | None = None
        clear_left()

    def render(self, request: Render) -> Rendered:
        if not self.program:
            return Rendered(request.url, error="off")
        if not os.path.ismount(MEMORY):
            # What a page shows would be written to a disk: then it is not shown.
            return Rendered(request.url, error="off")
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=MEMORY))
        try:
            seen = asyncio.run(self._show(request, folder, self.sandbox is not False))
            if self.sandbox is None:
                self.sandbox = not (seen.error == "crashed" and not seen.requests)
                if not self.sandbox:
                    seen = asyncio.run(self._show(request, folder, False))
            return seen
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _show(self, request: Render, folder: Path, sandbox: bool) -> Rendered:
        process, reading, writing = self._launch(request, folder, sandbox)
        show = Show(request, reading, writing)
        watch = asyncio.create_task(_watch(process.pid, request.memory, show))
        try:
            async with asyncio.timeout(request.total_s + 8.0):
                await show.run()
        except TimeoutError:
            show.error = show.error or "timeout"
        finally:
            watch.cancel()
            end(process.pid)
            process.wait(10)
            show.cdp.close()
        return show.seen()

    def _launch(self, request: Render, folder: Path, sandbox: bool) -> tuple[subprocess.Popen[bytes], int, int]:
        their_reading, writing = os.pipe()
        reading, their_writing = os.pipe()
        version = landlock.abi()

        def confine() -> None:
            # Chromium speaks on descriptors 3 and 4. Moved up first, so that neither is overwritten.
            high_in, high_out = os.dup2(their_reading, 203), os.dup2(their_writing, 204)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)
            os.closerange(5, 256)
            die_with_parent()
            landlock.folder_only(version, map(Path, _TREES), folder, request.port)

        command = [
            self.program, *_FLAGS, f"--user-data-dir={folder}/profile", f"--proxy-server=http://127.0.0.1:{request.port}",
            *([] if sandbox else ["--no-sandbox"]), *(_BLIND if request.shot else ()), "about:blank",
        ]  # fmt: skip
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8",
                       "XDG_CONFIG_HOME": f"{folder}/config", "XDG_CACHE_HOME": f"{folder}/cache"}  # fmt: skip
        try:
            process = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=confine, close_fds=False,
            )  # fmt: skip
        finally:
            os.close(their_reading)
            os.close(their_writing)
        return process, reading, writing


async def _watch(root: int, most: int, show: Show) -> None:
    """End a browser that takes too much memory."""
    while True:
        await asyncio.sleep(_WATCH_S)
        if await asyncio.to_thread(memory_of, root) > most:
            show.end("memory")
            end(root)
            return


def below(root: int) -> list[int]:
    """A process and all that it started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def memory_of(root: int) -> int:
    """Bytes that a process and all that it started take: proportional set size, or without what is shared where the
    kernel does not say."""
    total = 0
    for process in below(root):
        folder = Path(f"/proc/{process}")
        with contextlib.suppress(OSError, ValueError, IndexError, StopIteration):
            try:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
            except OSError:
                _, resident, shared, *_ = (int(one) for one in (folder / "statm").read_text().split())
                total += (resident - shared) * 4096
    return total


def end(root: int) -> None:
    """A browser and all that it started."""
    for process in below(root):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def serve(stream: socket.socket) -> None:
    """Until the other side closes."""
    user = become_nobody_else()
    runner = Runner(executable())
    stream.sendall(frames.pack({"program": runner.program, "uid": user, "landlock": landlock.abi()}))
    while True:
        try:
            request: Render = from_wire(Render, frames.receive(stream))
        except (ConnectionError, ProtocolError, OSError):
            return
        began = time.monotonic()
        try:
            seen = runner.render(request)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            seen = Rendered(request.url, error="crashed")
            sys.stderr.write(f"{json.dumps(type(error).__name__)} after {time.monotonic() - began:.0f} s\n")
        try:
            answer = frames.pack(to_wire(seen))
        except ProtocolError:
            answer = frames.pack(to_wire(replace(seen, html="", media=[], error="crashed")))
        stream.sendall(answer)


def main() -> int:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
