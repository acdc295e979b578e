"""Designated agents from a list, and security.txt: late desks, with an end."""

import pytest

from efface.net.protocol import DesignatedAgent
from efface.whereabouts import agents, securitytxt
from efface.whereabouts.agents import AgentsError

NOW = "2026-11-01T00:00:00+00:00"


def test_a_list_is_read_line_by_line_and_bad_lines_are_named() -> None:
    data = (
        "\ufeffDomain,Agent name,E-mail,Phone,Effective\n"
        "https://www.bad-site.com/x,Jo Doe Agency,DMCA@agents-company.com,+1,2024-02-29\n"
        "bad-board.net,,nobody,,2026-01-01\n"
        ",x,a@agents-company.com,,\n\n"
        "img-host.org,Agency,legal@img-host.org,,soon\n"
    ).encode()
    found = agents.read(data)
    assert found.entries == [
        DesignatedAgent("bad-site.com", "Jo Doe Agency", "dmca@agents-company.com", "+1", "", "2027-02-28"),
        DesignatedAgent("img-host.org", "Agency", "legal@img-host.org", "", "", ""),
    ]
    assert [line.split(":")[0] for line in found.problems] == ["line 3", "line 4"]


@pytest.mark.parametrize(
    "data", [b"", b"name,email\nx,y", b"domain,name\nx,y", b"\xff\xfe\x00x", b"x" * (agents.LARGEST + 1)]
)
def test_a_file_that_is_no_list_is_refused_with_what_it_lacks(data: bytes) -> None:
    with pytest.raises(AgentsError):
        agents.read(data)


def test_an_entry_that_is_over_is_worth_less_and_only_its_domains_get_it() -> None:
    listed = [DesignatedAgent("bad-site.com", "", "dmca@bad-site.com", "", "https://bad-site.com/dmca", "2027-01-01")]
    now, later = (agents.contacts(listed, ["bad-site.com"], day) for day in (NOW, "2027-02-01"))
    assert [one.confidence for one in now] == [0.9, 0.85] and [one.channel for one in now] == ["email", "form"]
    assert all(one.confidence <= agents.OVER for one in later) and "copyright" in now[0].note
    assert agents.contacts(listed, ["other.com"], NOW) == []


SIGNED = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# comment
Contact: mailto:security%40bad-site.com?subject=x
- Contact: https://bad-site.com/report
Expires: 2026-12-01T00:00:00z
-----BEGIN PGP SIGNATURE-----
Contact: mailto:evil@after-signature.com
-----END PGP SIGNATURE-----
"""


def test_a_signed_security_txt_is_read_to_its_signature() -> None:
    found = securitytxt.read(SIGNED, "https://bad-site.com/.well-known/security.txt", NOW)
    assert [(one.channel, one.value, one.confidence) for one in found] == [
        ("email", "security@bad-site.com", 0.35), ("form", "https://bad-site.com/report", 0.3),
    ]  # fmt: skip


def test_after_its_end_it_is_worth_less_and_html_is_none() -> None:
    found = securitytxt.read(SIGNED, "u", "2027-01-01T00:00:00+00:00")
    assert [one.confidence for one in found] == [0.15, 0.1]
    assert securitytxt.read("<!doctype html><p>Contact: mailto:a@bad-site.com", "u", NOW) == []
    assert securitytxt.read("Contact: nonsense\nContact: mailto:\nExpires: never", "u", NOW) == []
    assert securitytxt.read(("Contact: mailto:a@bad-site.com\n" * 5000), "u", NOW)[0].value == "a@bad-site.com"
