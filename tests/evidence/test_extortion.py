"""Addresses told by their checksums; sums, deadlines and handles as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.evidence import clock_source
from efface.evidence.extortion import finding, wallets
from tests.conftest import NOON

#: Published examples of the standards and of each project's own documentation.
KNOWN = {
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": "bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy": "bitcoin",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4": "bitcoin",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": "bitcoin",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed": "ethereum", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh": "ripple",
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t": "tron", "DE89370400440532013000": "iban",
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A": "monero",
}  # fmt: skip


@pytest.mark.parametrize("address", KNOWN)
def test_known_addresses_are_told(address: str) -> None:
    (found,) = wallets.find(f"pay to {address}, now")
    assert (found.kind, found.value, found.certain) == (KNOWN[address], address, True)


@pytest.mark.parametrize("address", KNOWN)
@given(st.data())
def test_one_wrong_letter_is_no_address(address: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(2, len(address) - 1))
    letter = data.draw(st.sampled_from("023456789acdefghjklmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"))
    if letter.lower() == address[at].lower():
        return
    changed = address[:at] + letter + address[at + 1 :]
    assert [one for one in wallets.find(changed) if one.certain] == [], changed


def test_keccak_is_the_one_from_before_the_standard() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert wallets.keccak256(b"").hex() == empty
    assert wallets.keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"


def told(text: str) -> set[tuple[str, str]]:
    return {(one.kind, one.value) for one in finding.suggest([finding.Said(text)])}


@pytest.mark.parametrize(("text", "wanted"), [
    ("send 300 EUR", ("amount", "300 EUR")), ("$1,500 now", ("amount", "1500 USD")),
    ("1.200,50 € bis morgen", ("amount", "1200.5 EUR")), ("0,05 btc", ("amount", "0.05 BTC")),
    ("500 zł", ("amount", "500 PLN")), ("€20", ("amount", "20 EUR")), ("1.000 euros", ("amount", "1000 EUR")),
    ("you have 24 hours left", ("deadline", "24 hours left")), ("within 2 hours", ("deadline", "within 2 hours")),
    ("bis morgen", ("deadline", "bis morgen")), ("before 18:00 uhr", ("deadline", "before 18:00 uhr")),
    ("add me t.me/evil_one", ("handle", "evil_one")), ("wa.me/4915112345678", ("handle", "4915112345678")),
    ("my snap is @bad.guy", ("handle", "bad.guy")), ("write x@evil.example", ("handle", "x@evil.example")),
    ("+44 7700 900123", ("handle", "+447700900123")), ("find me on Instagram", ("platform", "instagram")),
    ("or I will send it to all your friends", ("demand", "threat to publish")),
    ("buy a steam card", ("demand", "gift card")), ("schick mir noch mehr bilder", ("demand", "more pictures")),
])  # fmt: skip
def test_what_is_suggested(text: str, wanted: tuple[str, str]) -> None:
    assert wanted in told(text), told(text)


@pytest.mark.parametrize("text", ["see you at 5", "I am 20", "room 300", "no", "mail @ home", "2026-02-13 21:15"])
def test_everyday_words_suggest_no_sum_no_wallet_no_handle(text: str) -> None:
    assert not {kind for kind, _ in told(text)} & {"amount", "wallet", "handle"}, told(text)


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    finding.suggest([finding.Said(text)])


def test_hostile_text_takes_no_time() -> None:
    import time

    began = time.process_time()
    for text in ("1" * 8000, "1,000" * 1600, "@a." * 2600, "+1 " * 2600, "DE89 " * 1600, "send a " * 1100, "in " * 2600,
                 "a@a." * 2000, "1A" * 4000):  # fmt: skip
        finding.suggest([finding.Said(text)])
    assert time.process_time() - began < 5.0


def test_the_clock_says_what_is_known_of_it() -> None:
    from datetime import timedelta

    assert clock_source.kernel().state in ("synchronised", "not synchronised", "unknown")
    later = NOON + timedelta(seconds=2)
    assert clock_source.at_stamp(NOON, later, NOON + timedelta(seconds=1))["offset_s"] == 0.0
    assert clock_source.at_stamp(NOON, later, NOON - timedelta(seconds=5))["offset_s"] == -5.0
    assert clock_source.at_stamp(NOON, later, NOON + timedelta(seconds=9))["offset_s"] == 7.0
    words = clock_source.words({"source": "s", "ntp": "synchronised", "most_off_s": 0.2,
                                "stamp": clock_source.at_stamp(NOON, later, NOON)})  # fmt: skip
    assert "NTP: synchronised" in words and "0.0 s from the authority" in words
    assert clock_source.words({}) == "clock not noted"
