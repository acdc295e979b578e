"""Port 43: bounded, and no line of a registrant's leads anywhere."""

import asyncio
import tarfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.whereabouts import whois
from efface.whereabouts.transport import Unanswered
from tests.whereabouts.fake import Fake


def ask(fake: Fake, domain: str, given: dict[str, str] | None = None) -> whois.Whois:
    return asyncio.run(whois.ask(fake, domain, given))


ANSWER = b"""Domain Name: BAD.TO\r
Registrar: Names Ltd\r
Registrar IANA ID: 9100\r
Registrar Abuse Contact Email: Abuse@Names.example\r
Domain Status: clientHold https://icann.org/epp#clientHold\r
Registrant Name: whois server: 127.0.0.1\r
Registrant Email: someone@privacy.example\r
Name Server: NS1.HOST.EXAMPLE\r
"""


def test_what_an_answer_says() -> None:
    found = whois.read(ANSWER)
    assert (found.registrar, found.registrar_id, found.abuse) == ("Names Ltd", "9100", ("abuse@names.example",))
    assert found.status == ("clienthold",) and found.nameservers == ("ns1.host.example",)
    assert found.referral == "" and found.found


def test_a_value_under_its_key() -> None:
    found = whois.read(b"    Domain name:\n        bad.uk\n\n    Registrar:\n        Names Ltd [Tag = N]\n")
    assert found.registrar == "Names Ltd" and found.found


@pytest.mark.parametrize("text", ["No match for domain BAD.TO", "% No entries found", "NOT FOUND", "Status: free"])
def test_nobody_has_it(text: str) -> None:
    assert not whois.read(f"{text}\nDomain: bad.to\n".encode()).found


def test_a_referral_is_followed_only_to_a_known_server() -> None:
    refers = b"Domain Name: BAD.COM\nRegistrar: Names\nRegistrar WHOIS Server: whois.gandi.net\n"
    answer = ANSWER.replace(b"BAD.TO", b"BAD.COM")
    wires = {"whois.verisign-grs.com": refers, "whois.gandi.net": answer}
    fake = Fake(wires=wires)
    assert ask(fake, "bad.com").abuse == ("abuse@names.example",)
    assert fake.asked == ["tcp whois.verisign-grs.com:43 domain bad.com", "tcp whois.gandi.net:43 bad.com"]
    for bad in (b"127.0.0.1", b"[::1]", b"whois.evil.example", b"whois.gandi.net.evil.example", b"whois.gandi.net:80"):
        fake = Fake(wires={"whois.verisign-grs.com": refers.replace(b"whois.gandi.net", bad)})
        assert ask(fake, "bad.com").registrar == "Names"
        assert len(fake.asked) == 1


def test_a_referral_in_the_words_of_a_registrant_leads_nowhere() -> None:
    for row in (
        b"Registrant Name: whois server: whois.gandi.net",
        b"Registrant:\n   Registrar WHOIS Server: whois.gandi.net",
    ):
        refers = b"Domain Name: BAD.COM\nRegistrar: Names\n\n" + row + b"\n"
        fake = Fake(wires={"whois.verisign-grs.com": refers, "whois.gandi.net": ANSWER})
        ask(fake, "bad.com")
        assert len(fake.asked) == 1


def test_hops_are_few_and_loops_end() -> None:
    def refers(name: str) -> bytes:
        return f"Domain Name: BAD.COM\nRegistrar: Names\nRegistrar WHOIS Server: {name}\n".encode()

    loop = {"whois.verisign-grs.com": refers("whois.gandi.net"), "whois.gandi.net": refers("whois.verisign-grs.com")}
    fake = Fake(wires=loop)
    assert ask(fake, "bad.com").registrar == "Names" and len(fake.asked) == 2
    chain = [
        "whois.verisign-grs.com",
        "whois.gandi.net",
        "whois.ovh.com",
        "whois.tucows.com",
        "whois.enom.com",
        "whois.nic.ru",
    ]
    long = Fake(wires={one: refers(after) for one, after in pairwise(chain)})
    ask(long, "bad.com")
    assert len(long.asked) == 1 + whois.MOST_HOPS


def test_an_answer_about_another_domain_is_not_believed() -> None:
    refers = b"Domain Name: BAD.COM\nRegistrar: Names\nRegistrar WHOIS Server: whois.gandi.net\n"
    fake = Fake(wires={"whois.verisign-grs.com": refers, "whois.gandi.net": ANSWER})
    assert ask(fake, "bad.com").abuse == ()


def test_an_unknown_suffix_is_not_asked_and_silence_is_said() -> None:
    fake = Fake()
    assert ask(fake, "bad.zz") == whois.Whois() and fake.asked == []
    with pytest.raises(Unanswered):
        ask(fake, "bad.to")
    given = Fake(wires={"whois.world.example": ANSWER})
    assert ask(given, "bad.zz", {"zz": "whois.world.example"}).found


@given(st.binary(max_size=3000))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    found = whois.read(data)
    assert len(found.abuse) <= 5 and len(found.registrar) <= 200


def test_an_endless_answer_is_cut() -> None:
    assert whois.read(b"Registrar: " + b"a" * 5_000_000).registrar == "a" * 200
    assert whois.read(b"\n" * 1_000_000 + ANSWER).registrar == ""


def test_real_answers_of_many_registries() -> None:
    source = Path(__file__).parents[3] / "shared/data/whois_dev.tar"
    if not source.exists():
        pytest.skip("the collection of real answers is not here")
    right = total = 0
    with tarfile.open(source) as archive:
        members = {one.name: one for one in archive.getmembers()}
        for name, member in members.items():
            expected = members.get(name.removesuffix(".txt") + ".expected")
            if not name.endswith("/status_registered.txt") or expected is None:
                continue
            handle = archive.extractfile(member)
            assert handle is not None
            total += 1
            right += whois.read(handle.read()).found
    assert total > 20 and right / total > 0.85, (right, total)
