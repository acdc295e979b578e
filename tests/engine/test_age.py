"""Files in the age format: those of another program open here, ours are whole or do not open."""

from __future__ import annotations

import base64
import io
import secrets
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.engine.base import age

# Made with rage's library (pyrage 1.4.0); what it makes of our files was compared too.
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
KEY = age.SecretKey(bytes(range(32)))


def seal(data: bytes, *who: Any, step: int = 50_000) -> bytes:
    out = io.BytesIO()
    writer = age.Writer(out, who)
    for at in range(0, len(data), step):
        writer.write(data[at : at + step])
    writer.close()
    return out.getvalue()


def unseal(data: bytes, *who: Any) -> bytes:
    return b"".join(age.opened(io.BytesIO(data), who))


def test_what_another_program_made_opens() -> None:
    assert str(age.SecretKey.read(IDENTITY).public) == RECIPIENT
    assert str(age.SecretKey.read(IDENTITY)) == IDENTITY and str(age.PublicKey.read(RECIPIENT)) == RECIPIENT
    for text, who in ((TO_KEY, age.SecretKey.read(IDENTITY)), (TO_WORDS, age.Passphrase("five words that are long"))):
        assert unseal(base64.b64decode(text), who) == b"made by another program"


@pytest.mark.parametrize("size", [0, 1, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 3 * age.CHUNK, 200_001])
def test_every_size_comes_back(size: int) -> None:
    data = secrets.token_bytes(size)
    other = age.SecretKey.make()
    sealed = seal(data, KEY.public, other.public, step=7001)
    assert unseal(sealed, KEY) == unseal(sealed, other) == data
    if size:
        assert data[:64] not in sealed or size < 8


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_flipped_bit_anywhere_or_a_cut_is_found(data: st.DataObject) -> None:
    sealed = seal(b"x" * (age.CHUNK + 500), KEY.public)
    at = data.draw(st.one_of(st.integers(0, 260), st.integers(0, len(sealed) - 1)))
    bent = bytearray(sealed)
    bent[at] ^= 1 << data.draw(st.integers(0, 7))
    for bad in (bytes(bent), sealed[:at], sealed + b"x", sealed[: len(sealed) - 516]):
        with pytest.raises(age.NotOpened):
            unseal(bad, KEY)


def test_another_key_or_passphrase_does_not_open() -> None:
    for who, wrong in ((KEY.public, age.SecretKey.make()), (age.Passphrase("right"), age.Passphrase("wrong")),
                       (KEY.public, age.Passphrase("x")), (age.Passphrase("x"), KEY)):  # fmt: skip
        with pytest.raises(age.NotOpened, match="not for this"):
            unseal(seal(b"x", who), wrong)


def test_a_file_that_asks_for_much_work_is_refused() -> None:
    head = age.INTRO + b"-> scrypt " + b"A" * 22 + b" 30\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"
    with pytest.raises(age.NotOpened, match="more work"):
        unseal(head, age.Passphrase("x"))


@pytest.mark.parametrize("text", [
    "", "age1", RECIPIENT[:-1], RECIPIENT + "q", RECIPIENT.replace("jx2", "jx3"),
    RECIPIENT.upper()[:10] + RECIPIENT[10:],
    IDENTITY, "age1" + "q" * 58, "ssh-ed25519 AAAA", "age1\u00e9" + RECIPIENT[5:],
])  # fmt: skip
def test_a_recipient_that_was_copied_wrongly_is_told(text: str) -> None:
    with pytest.raises(age.NotAKey):
        age.PublicKey.read(text)


@pytest.mark.parametrize("text", ["", "# only a comment", RECIPIENT, f"{IDENTITY}\n{IDENTITY}", IDENTITY[:-2]])
def test_an_identity_that_is_none_is_told(text: str) -> None:
    with pytest.raises(age.NotAKey):
        age.SecretKey.read(text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_anything_else_is_no_file_of_age(noise: bytes) -> None:
    for bad in (noise, age.INTRO + noise, age.INTRO + b"-> X25519 " + noise):
        with pytest.raises(age.NotOpened):
            unseal(bad, KEY)
