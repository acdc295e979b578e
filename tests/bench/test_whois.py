"""The bench of WHOIS counts what it says, and its judge can fail."""

import io
import tarfile
from pathlib import Path

from bench.whois import run

ANSWER = b"""Domain Name: bad.com
Registrar: Names
Registrar Abuse Contact Email: abuse@names.example
Creation Date: 2019-02-28T10:00:00Z
Domain Status: ok
Registrant Email: subject@mail.example
Name Server: ns1.host.example
"""
EXPECTED = """#status
  %s == ["{status}"]

#registrar
  %s.name == "{registrar}"

#created_on
  %s %TIME{{2019-02-28 10:00:00 UTC}}

#nameservers
  %s[0].name == "ns1.host.example"
"""


def collection(path: Path, **said: str) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in (("x/com/a.txt", ANSWER), ("x/com/a.expected", EXPECTED.format(**said).encode())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_right_and_wrong_are_told_apart(tmp_path: Path) -> None:
    right = run(collection(tmp_path / "a.tar", status="ok", registrar="Names"))["ours"]
    assert right["failures"] == 0 and right["abuse"] == {"found": 1, "of": 1, "listed": 1, "registrants_own": 0}
    assert {name: one["right"] for name, one in right["fields"].items()} == dict.fromkeys(right["fields"], 1)
    assert set(right["fields"]) == {"registrar", "status", "created", "nameservers"}
    wrong = run(collection(tmp_path / "b.tar", status="clientHold", registrar="Others"))["ours"]
    assert wrong["fields"]["registrar"]["right"] == wrong["fields"]["status"]["right"] == 0
