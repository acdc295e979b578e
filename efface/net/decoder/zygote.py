"""The process that decoding children are forked from: everything loaded, nobody's secrets, never a hostile byte.

It listens on one socket to its owner: a message "B" with a descriptor forks a child that is sealed and then serves that
descriptor; "K" and a process id kills a child that took too long.
"""

from __future__ import annotations

import codecs
import contextlib
import encodings.aliases
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from efface.net import landlock
from efface.net.decoder import seal, work
from efface.net.process import keep_memory, no_dumps, settle
from efface.net.protocol import Want

_HEAD = struct.Struct("!4sBI")
KINDS = {b"PICT": "picture", b"TILE": "tiles", b"PAGE": "page", b"MAIL": "mail", b"BUND": "bundle",
         b"LIST": "listing", b"SITE": "sites", b"OBJE": "object", b"PROO": "proof",
         b"PREV": "preview", b"KEPT": "kept"}  # fmt: skip
_MOST_BYTES = 64 * 1024 * 1024


def serve(control: socket.socket, models: str | None) -> None:
    """Load, rehearse, drop privileges, prove the seal, then fork on demand until the owner is gone."""
    engine, trouble = _engine(models)
    copies, no_copies = _copies(models)
    text, no_text = _text(models)
    for name in sorted(set(encodings.aliases.aliases.values())):
        with contextlib.suppress(LookupError, ImportError):
            codecs.lookup(name)
    broken = work.rehearse(engine, copies, text)
    user = seal.drop_user()
    version = landlock.abi()
    limit = seal.address_space() + seal.MEMORY_BYTES
    zygote = Zygote(control, engine, limit, version, copies=copies, text=text)
    holes = zygote.prove()
    if _threads() > 1:
        holes.append("threads before fork")
    state = {
        "on": not holes and not broken,
        "reason": "; ".join([*holes, *(f"cannot read {item}" for item in broken)]),
        "seccomp": not holes,
        "landlock": version,
        "uid": user,
        "faces": engine is not None,
        "faces_reason": trouble,
        "copies": copies.manifest.model_id if copies is not None else "",
        "copies_reason": no_copies,
        "text": text is not None,
        "text_reason": no_text,
    }
    settle()
    control.send(json.dumps(state).encode())
    if state["on"]:
        zygote.run()


def _engine(models: str | None) -> tuple[work.Engine | None, str]:
    """The face engine, or why there is none."""
    if not models:
        return None, "no models folder"
    try:
        from efface.vision.faces import FaceEngine

        engine: work.Engine | None = FaceEngine.load(Path(models))
    except Exception as error:  # whatever is wrong with a model, pictures are still fingerprinted
        return None, f"{type(error).__name__}: {error}"[:300]
    return engine, "" if engine is not None else "no face models installed"


def _copies(models: str | None) -> tuple[work.Copies | None, str]:
    """The copy embedder, or why there is none."""
    if not models:
        return None, "no models folder"
    try:
        from efface.vision.copyvector import CopyEngine

        copies: work.Copies | None = CopyEngine.load(Path(models))
    except Exception as error:  # as for faces
        return None, f"{type(error).__name__}: {error}"[:300]
    return copies, "" if copies is not None else "no copy embedder installed"


def _text(models: str | None) -> tuple[work.TextEngine | None, str]:
    """The text engine, or why there is none."""
    if not models:
        return None, "no models folder"
    try:
        text = work.TextEngine.load(Path(models))
    except Exception as error:  # as for faces
        return None, f"{type(error).__name__}: {error}"[:300]
    return text, "" if text is not None else "no text model installed"


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 1


class Zygote:
    """Forks; ``sealing`` is what a child does to itself before it reads."""

    def __init__(
        self,
        control: socket.socket,
        engine: work.Engine | None,
        limit: int,
        landlock_abi: int,
        sealing: Callable[[int, int, int], None] = seal.seal,
        copies: work.Copies | None = None,
        text: work.TextEngine | None = None,
    ) -> None:
        self.control = control
        self.engine = engine
        self.copies = copies
        self.text = text
        self.limit = limit
        self.landlock_abi = landlock_abi
        self.sealing = sealing
        self.children: set[int] = set()

    def run(self) -> None:
        while True:
            ready, _, _ = select.select([self.control], [], [], 1.0)
            self._reap()
            if not ready:
                continue
            message, descriptors, _, _ = socket.recv_fds(self.control, 64, 4)
            if not message:
                return
            if message[:1] == b"B" and len(descriptors) == 1:
                self._fork(descriptors[0])
            elif message[:1] == b"K":
                self._kill(int(message[1:] or b"0"))
            for descriptor in descriptors:
                os.close(descriptor)

    def _fork(self, descriptor: int) -> None:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                self.sealing(descriptor, self.limit, self.landlock_abi)
                _work(descriptor, self.engine, self.copies, self.text)
                status = 0
            except BaseException:  # noqa: S110 - the owner sees the closed descriptor; there is nobody else to tell
                pass
            finally:
                os._exit(status)
        self.children.add(child)

    def _kill(self, child: int) -> None:
        if child in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def _reap(self) -> None:
        while self.children:
            try:
                child, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.children.clear()
                return
            if child == 0:
                return
            self.children.discard(child)

    def prove(self) -> list[str]:
        """What a sealed child could do all the same, after it read one of each format; empty when the seal holds."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            answer: Any = ["the seal itself failed"]
            try:
                pictures, want = work.samples(), work.everything(self.engine, self.copies)
                self.sealing(writer, self.limit, self.landlock_abi)
                answer = seal.attempts()
                answer += [
                    f"cannot read {item}"
                    for data in pictures
                    if (item := work.picture(data, self.engine, want, self.copies).picture.error)
                ]
                if work.cover_proof(work.proofs.sample(), self.engine, self.text).get("error"):
                    answer.append("cannot cover a proof")
            except BaseException as error:
                answer = [f"the seal failed: {error}"[:200]]
            finally:
                with contextlib.suppress(OSError):
                    os.write(writer, json.dumps(answer).encode())
                os._exit(0)
        os.close(writer)
        data = b""
        deadline = 20.0
        while select.select([reader], [], [], deadline)[0]:
            chunk = os.read(reader, 65536)
            if not chunk:
                break
            data += chunk
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            return [str(item) for item in json.loads(data)]
        except ValueError:
            return ["a sealed process does not live"]


def _work(
    descriptor: int, engine: work.Engine | None, copies: work.Copies | None, text: work.TextEngine | None
) -> None:
    """Serve jobs until the owner closes: header (kind, what is wanted, size), bytes; answer (size, JSON)."""
    _put(descriptor, os.getpid())
    while head := _take(descriptor, _HEAD.size):
        name, want, size = _HEAD.unpack(head)
        if size > _MOST_BYTES:
            return
        data = _take(descriptor, size)
        _put(descriptor, work.perform(KINDS[name], data, engine, Want(want), copies, text))


def _take(descriptor: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = os.read(descriptor, min(1 << 20, size - len(data)))
        if not chunk:
            return b""
        data += chunk
    return bytes(data)


def _put(descriptor: int, answer: Any) -> None:
    data = json.dumps(answer, separators=(",", ":")).encode("utf-8", "replace")
    view = memoryview(struct.pack("!I", len(data)) + data)
    while view:
        view = view[os.write(descriptor, view) :]


def main() -> int:
    no_dumps()
    keep_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        serve(control, sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] else None)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError):
            control.send(json.dumps({"on": False, "reason": f"{type(error).__name__}"}).encode())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
