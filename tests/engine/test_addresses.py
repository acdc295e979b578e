"""Signed addresses: each finds its notice, none can be made up."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.engine.base import addresses

NOTICE = uuid.UUID("01961f2e-7c00-7abc-8def-0123456789ab")


@pytest.fixture(autouse=True)
def domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_MAIL_DOMAIN", "reply.helpline.example")


def test_there_and_back() -> None:
    for use, address in (("reply", addresses.reply(NOTICE)), ("bounce", addresses.bounce(NOTICE))):
        assert addresses.read(address) == addresses.Signed(use, NOTICE)  # type: ignore[arg-type]
        assert addresses.read(f"<{address.upper()}>") == addresses.Signed(use, NOTICE)  # type: ignore[arg-type]
        assert len(address.partition("@")[0]) <= 64


def test_one_use_is_not_the_other() -> None:
    assert addresses.read("b" + addresses.reply(NOTICE)[1:]) is None


def test_every_changed_letter_is_refused() -> None:
    address = addresses.reply(NOTICE)
    for place in range(len(address.partition("@")[0])):
        for letter in "a7":
            changed = address[:place] + letter + address[place + 1 :]
            assert changed == address or addresses.read(changed) is None


@pytest.mark.parametrize(
    "address",
    [
        "", "@", "r-@reply.helpline.example", "postmaster@reply.helpline.example", "removals@reply.helpline.example",
        addresses.reply(NOTICE).partition("@")[0],
    ],
)  # fmt: skip
def test_others_are_nobody(address: str) -> None:
    assert addresses.read(address) is None


def test_another_domain_is_nobody() -> None:
    assert addresses.read(addresses.reply(NOTICE).replace("reply.", "other.")) is None


@given(st.text(max_size=120))
def test_nothing_breaks_it(text: str) -> None:
    assert addresses.read(text) is None and addresses.read(f"r-{text}@reply.helpline.example") is None


@pytest.mark.parametrize("at", [" [at] ", "(at)", " AT ", "{@}", " at ", " @ ", "\u200b@", " (arroba) ", " [a] "])
@pytest.mark.parametrize("dot", [".", " [dot] ", "(dot)", " dot ", "\u200b.", " [punkt] ", "\uff0e"])
def test_a_page_that_shows_our_address_is_known_however_it_writes_it(at: str, dot: str) -> None:
    local, _, host = addresses.reply(NOTICE).partition("@")
    text = f"They wrote to us: {local.replace('.', dot)}{at}{host.replace('.', dot)} and want it gone"
    found = [one for one in addresses.shown(text) if addresses.read(one)]
    assert found == [addresses.reply(NOTICE)]
    assert [one for one in addresses.shown(f"only {local} was left") if addresses.read(one)] == found


def test_what_was_not_signed_here_is_not_ours_however_it_is_written() -> None:
    local = addresses.reply(NOTICE).partition("@")[0]
    changed = local[:-1] + ("a" if local[-1] != "a" else "b")
    assert not [one for one in addresses.shown(f"{changed} [at] reply [dot] helpline.example") if addresses.read(one)]
    assert addresses.written(f"{local} [at] reply.helpline.example") == [], "the head of a mail is read as it stands"


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert not [one for one in addresses.shown(text) if addresses.read(one)]
