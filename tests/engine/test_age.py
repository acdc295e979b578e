"""Files in the age format: they stream, the program age opens them, old ones open here; whole or not at all."""

from __future__ import annotations

import base64
import io
import itertools
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.engine.base import age

# Made with pyrage 1.4.0 by hand, to a key and to words.
IDENTITY = "AGE-SECRET-KEY-1W9833LQKUK58VEGZCJ63CHE7H007FEYMMC7CX7D3JUA5NW48H76QHSDQRK"
RECIPIENT = "age1jx2ey906e3w2qnt37vqdq3zqfgljyzpsnfx6ezplqu48mne03pgqkgapx5"
TO_KEY = (
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSAzNFNXUHRtd0RLRkpxK0pObSs1U2IwaVEwQkRwZVRDL3ZaVk1ETjR6dzFFCjF0cGtBZDRs"
    "Tk1xeVZHbzNDS1gva2FxNTZTM2xYZXlUbkFNbUExVDhTaWMKLT4gYnZqWE5kaC1ncmVhc2UgKkQwaCoqQyBXa0sKTkRkekp3M2MrVzIvCi0tLSBQ"
    "ck55dlJSZHQ3QzFWUjloQzd1a3h1WEJjL2lDQURocmVKN3hjTWQ3NlJZCoRobQIxCxBUBmOd9ScjNut5hwpJxFvoJicd31rQuAi1B2hP+6FhnPkb"
    "09BfznuWluOfEui0+Rg="
)
TO_WORDS = (
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBQWUZlaHFUN29yVWtBRTE0UXh5L0J3IDE4ClVPNVpyeEZ2MkZvZkJBNEZjMkNuc0pkWWly"
    "QjRNaTRZdEhPQWNUNXhSSTQKLS0tIHlBUSttNk9xZjdWL1pOalRhUExpUElSaXF0YlFsSXNHeDBOMndrSjNyOUEK92SiySHuq5uJ43EXDpJjcGuZ"
    "igQ7H/UeEMTRXJh6N03hI1z7/8GCaUKolOjg1P5Q65ZZvWGxOA=="
)

KEY, PUBLIC = age.new_identity()
MIB = 1 << 20


def seal(data: bytes, who: age.Who, step: int = 50_000) -> bytes:
    out = io.BytesIO()
    writer = age.Writer(out, who)
    for at in range(0, len(data), step):
        writer.write(data[at : at + step])
    writer.close()
    writer.stop()
    return out.getvalue()


def unseal(data: bytes, who: age.Who) -> bytes:
    return b"".join(age.pieces(io.BytesIO(data), who))


def test_what_another_program_made_opens() -> None:
    assert age.public_of(IDENTITY) == RECIPIENT == age.recipient(RECIPIENT)
    for text, who in ((TO_KEY, [IDENTITY]), (TO_WORDS, age.Passphrase("five words that are long"))):
        assert unseal(base64.b64decode(text), who) == b"made by another program"


@pytest.mark.parametrize("kept", ["to_key.age", "to_words.age"])
def test_a_backup_sealed_by_an_older_version_still_opens(kept: str) -> None:
    who: age.Who = [IDENTITY] if kept == "to_key.age" else age.Passphrase("five words that are long")
    assert unseal((Path(__file__).parent / "age" / kept).read_bytes(), who) == b"x" * 70_000


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, age.BLOCK - 1, age.BLOCK, age.BLOCK + 1, 700_001])
def test_every_size_comes_back(size: int) -> None:
    data = secrets.token_bytes(size)
    other, public = age.new_identity()
    sealed = seal(data, [PUBLIC, public], step=7001)
    assert unseal(sealed, [KEY]) == unseal(sealed, [other]) == data
    assert b"".join(age.seal([data[:70], b"", data[70:]], [PUBLIC]))[:21] == b"age-encryption.org/v1"
    assert unseal(b"".join(age.seal([data[:70], b"", data[70:]], [PUBLIC])), [KEY]) == data
    if size > 64:
        assert data[:64] not in sealed


def test_it_streams_both_ways() -> None:
    """Neither end holds more than a few blocks, whatever the size."""
    asked = 0

    def parts() -> Iterator[bytes]:
        nonlocal asked
        for _ in range(64):
            asked += 1
            yield b"y" * MIB

    given = 0
    for piece in age.seal(parts(), [PUBLIC]):
        given += len(piece)
        assert asked * MIB - given <= 2 * MIB and len(piece) <= MIB
    sealed, most = seal(b"z" * (8 * MIB), [PUBLIC]), 0
    for piece in age.pieces(io.BytesIO(sealed), [KEY]):
        most = max(most, len(piece))
    assert 0 < most <= 2 * age.BLOCK
    out = io.BytesIO()
    writer = age.Writer(out, [PUBLIC])
    for _ in range(16):
        writer.write(b"w" * age.BLOCK)
    assert out.tell() > 15 * age.BLOCK, "what was written is sealed at once, and not held until the end"
    writer.stop()
    with pytest.raises(age.CannotOpen):
        unseal(out.getvalue(), [KEY])


def test_whoever_takes_no_more_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    taken = age.seal(itertools.repeat(b"x" * age.BLOCK), [PUBLIC])
    next(taken), next(taken)
    taken.close()
    read = age.pieces(io.BytesIO(seal(b"x" * MIB, [PUBLIC])), [KEY])
    next(read)
    read.close()
    assert threading.active_count() == before


def test_what_the_source_raises_is_raised() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        list(age.seal(broken(), [PUBLIC]))


def test_a_passphrase_opens_a_file_that_has_its_own_key(tmp_path: Path) -> None:
    words = age.Passphrase("five words that are long")
    sealed = seal(b"x" * 300_000, words)
    assert unseal(sealed, words) == b"x" * 300_000
    with pytest.raises(age.CannotOpen, match="another key or passphrase"):
        unseal(sealed, age.Passphrase("other words"))
    with pytest.raises(age.CannotOpen, match="sealed to a passphrase"):
        unseal(sealed, [KEY])
    with pytest.raises(age.CannotOpen):
        unseal(seal(b"x", [PUBLIC]), words)
    # As docs/operator.md says it, but for the passphrase itself: the program asks a terminal for it.
    file = tmp_path / "FILE"
    file.write_bytes(sealed)
    told = "sed '/END AGE/q' FILE > key.age; sed '1,/END AGE/d' FILE > body"
    subprocess.run(["sh", "-c", told], cwd=tmp_path, check=True)
    from pyrage import passphrase

    (tmp_path / "key.txt").write_bytes(passphrase.decrypt((tmp_path / "key.age").read_bytes(), words.words))
    assert unseal((tmp_path / "body").read_bytes(), [(tmp_path / "key.txt").read_text()]) == b"x" * 300_000
    if shutil.which("age"):
        done = subprocess.run(["age", "-d", "-i", "key.txt", "body"], cwd=tmp_path, capture_output=True, check=True)
        assert done.stdout == b"x" * 300_000


SMALL = seal(b"x" * (65536 + 500), [PUBLIC])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_flipped_bit_anywhere_or_a_cut_is_found(data: st.DataObject) -> None:
    at = data.draw(st.one_of(st.integers(0, 260), st.integers(0, len(SMALL) - 1)))
    bent = bytearray(SMALL)
    bent[at] ^= 1 << data.draw(st.integers(0, 7))
    for bad in (bytes(bent), SMALL[:at], SMALL + b"x", SMALL[: len(SMALL) - 516]):
        with pytest.raises(age.CannotOpen):
            unseal(bad, [KEY])


def test_a_flipped_bit_before_the_key_of_a_passphrase_is_found() -> None:
    words = age.Passphrase("five words that are long")
    sealed = seal(b"x", words)
    end = sealed.index(b"age-encryption")
    for at in (0, 11, 40, end - 20, end - 1, end + 5, len(sealed) - 1):
        bent = bytearray(sealed)
        bent[at] ^= 1
        with pytest.raises(age.CannotOpen):
            unseal(bytes(bent), words)


def test_another_key_does_not_open() -> None:
    with pytest.raises(age.CannotOpen, match="another key"):
        unseal(SMALL, [age.new_identity()[0]])


def test_a_file_that_asks_for_much_work_is_refused() -> None:
    head = age.INTRO + b"-> scrypt " + b"A" * 22 + b" 30\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"
    with pytest.raises(age.CannotOpen):
        unseal(head, age.Passphrase("x"))


@pytest.mark.parametrize("text", [
    "", "age1", RECIPIENT[:-1], RECIPIENT + "q", RECIPIENT.replace("jx2", "jx3"),
    RECIPIENT.upper()[:10] + RECIPIENT[10:],
    IDENTITY, "age1" + "q" * 58, "ssh-ed25519 AAAA", "age1\u00e9" + RECIPIENT[5:],
])  # fmt: skip
def test_a_recipient_that_was_copied_wrongly_is_told(text: str) -> None:
    with pytest.raises(age.KeyUnusable):
        age.recipient(text)


@pytest.mark.parametrize("text", ["", "# only a comment", RECIPIENT, f"{IDENTITY}\n{IDENTITY}", IDENTITY[:-2]])
def test_an_identity_that_is_none_is_told(text: str) -> None:
    with pytest.raises(age.KeyUnusable):
        age.secret(text)


def test_a_key_file_with_its_comments_is_read() -> None:
    assert age.secret(f"# created: today\n# public key: age1...\n{IDENTITY}\n") == IDENTITY


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_anything_else_is_no_file_of_age(noise: bytes) -> None:
    for bad in (noise, age.INTRO + noise, age.INTRO + b"-> X25519 " + noise):
        with pytest.raises(age.CannotOpen):
            unseal(bad, [KEY])
