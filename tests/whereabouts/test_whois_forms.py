"""The reading of WHOIS answers: every family of formats, any bytes, and nobody's address taken for a desk."""

import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from efface.whereabouts import whois, whois_dates, whois_package, whois_text, whois_words

FORMS = yaml.safe_load((Path(__file__).parent / "whois_forms.yaml").read_text(encoding="utf-8"))
REAL = Path(__file__).parents[3] / "shared/data/whois_dev.tar"


@pytest.mark.parametrize("form", FORMS, ids=[form["form"] for form in FORMS])
def test_every_form(form: dict) -> None:
    found = whois.read(form["text"].encode(), "example")
    said = {name: getattr(found, name) for name in form["says"]}
    assert {name: list(one) if isinstance(one, tuple) else one for name, one in said.items()} == form["says"]


@pytest.mark.parametrize("form", FORMS, ids=[form["form"] for form in FORMS])
def test_line_ends_do_not_matter(form: dict) -> None:
    text = form["text"]
    assert whois.read(text.replace("\n", "\r\n").encode(), "example") == whois.read(text.encode(), "example")


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("No match for domain BAD.TO", "available"), ("% No entries found for query bad.to.", "available"),
        ("Domain: bad.to\nStatus: AVAILABLE", "available"), ("Domain: bad.to\nStatus: free", "available"),
        ("상기 도메인이름은 등록되어 있지 않습니다.", "available"), ("Домен не найден", "available"),
        ("El dominio no existe", "available"), ("該当するデータがありません。", "available"),
        ("We do not have an entry in our database matching your query.", "available"),
        ("Your query limit has been exceeded.", "throttled"), ("Too many requests, try again later", "throttled"),
        ("whois: Server too busy, try again later", "throttled"),
        ("-1: Still in grace period, wait 77 seconds", "throttled"),
        ("This name is reserved by the registry", "reserved"), ("Domain: bad.to\nStatus: RESERVED", "reserved"),
        ("Invalid query", "invalid"), ("", ""), ("Domain: bad.to\nStatus: NOT AVAILABLE", "registered"),
        ("Domain: bad.to\nRegistrar: Names\n% query limit exceeded, try again later", "registered"),
    ],
)  # fmt: skip
def test_what_an_answer_without_a_record_means(text: str, state: str) -> None:
    found = whois.read(text.encode())
    assert found.state == state
    assert found.found is (state == "registered" or (state == "reserved" and bool(found.domain)))


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024-03-01T09:30:00Z", "2024-03-01T09:30:00Z"), ("2024-03-01T09:30:00.000+0100", "2024-03-01T09:30:00+01:00"),
        ("01-Mar-2024", "2024-03-01"), ("2024. 03. 01.", "2024-03-01"), ("20240301", "2024-03-01"),
        ("1.3.2024 09:30:00", "2024-03-01T09:30:00"), ("Fri Mar 01 09:30:00 GMT 2024", "2024-03-01T09:30:00Z"),
        ("2nd April, 2001", "2001-04-02"), ("before Aug-1996", "1996-08-01"), ("23 de agosto de 2012", "2012-08-23"),
        ("2001-Aug-23.", "2001-08-23"), ("13/03/2003", "2003-03-13"), ("03/13/2003", "2003-03-13"),
        ("19990518 #162310", "1999-05-18"), ("0000-00-00", ""), ("2024-13-45", ""), ("never", ""), ("9" * 90, ""),
    ],
)  # fmt: skip
def test_dates_of_many_kinds(value: str, date: str) -> None:
    assert whois_dates.read(value) == date


def test_where_the_month_comes_first() -> None:
    assert whois_dates.read("03/02/2012", month_first=True) == "2012-03-02" != whois_dates.read("03/02/2012")
    assert whois.read(b"Domain name:\n   BAD.TK\n\nDomain registered: 03/02/2012\n").created == "2012-03-02"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso2022_jp_ext"])
def test_any_encoding(encoding: str) -> None:
    name = "名前登録" if encoding.startswith("iso2022") else "Noms à Zürich"
    found = whois.read(f"Domain Name: bad.example\nRegistrar: {name}\n".encode(encoding))
    assert (found.domain, found.registrar) == ("bad.example", name)
    assert whois.read("Registrar: (주)이름\nDomain: bad.kr".encode("euc-kr"), "kr").registrar == "(주)이름"


def test_tricks_for_the_eye_are_gone() -> None:
    found = whois.read("Registrar: Na\u202emes\u2066 <b>\x1b[31mLtd</b>\u200b\nDomain: bad.example\n".encode())
    assert found.registrar == "Names <b>[31mLtd</b>"


def test_a_desk_has_a_channel() -> None:
    text = (b"Domain: bad.example\nRegistrar: N\nRegistrar Abuse Contact Email: abuse[at]names.example\n"
            b"Abuse Contact: https://names.example/form\nRegistrar Abuse Contact Phone: +1.5550100\n")  # fmt: skip
    desks = [(desk.channel, desk.value, desk.party) for desk in whois.read(text).desks]
    assert desks == [("email", "abuse@names.example", "registrar"), ("form", "https://names.example/form", "registrar"),
                     ("phone", "+1.5550100", "registrar")]  # fmt: skip


def test_small_print_is_told_apart() -> None:
    text = b"% Mail abuse issues should be addressed to mail-abuse@cert.example\n\nDomain: bad.example\nowner: A\n"
    found = whois.read(text)
    assert found.abuse == () and [desk.value for desk in found.small_print] == ["mail-abuse@cert.example"]
    spam = whois.read(b"domain: bad.example\nholder-c: A\nremarks: Spam mailto: abuse@bad.example\n")
    assert spam.abuse == (), "whoever holds a domain writes its remarks"


LINES = st.lists(
    st.sampled_from(["Registrar:", "Registrant:", "Domain: a.example", "  x@y.example", "abuse: a@b.example", "", "% x",
                     "[Name] x", "Created: 2020-01-01", "nserver: ns.a.example", "Status: ok", "nic-hdl: A",
                     "remarks: report abuse r@s.example", "Registrant Email: p@q.example", "\tfoo: bar",
                     "** Registrar:", "e-mail: m@n.example"]),
    max_size=40,
)  # fmt: skip


@given(st.one_of(st.binary(max_size=3000), LINES.map(lambda rows: "\n".join(rows).encode())), st.sampled_from(
    ["", "com", "uk", "jp", "kr", "hk", "fr", "é", "it", "tr", "x" * 300]))  # fmt: skip
@example(b"Registrar:\n  " + b"\xff" * 500, "com")
def test_no_bytes_break_the_reading_and_no_address_is_invented(data: bytes, suffix: str) -> None:
    found = whois.read(data, suffix)
    text = whois_text.decode(data, suffix).lower()
    for value in (*found.abuse, *found.registrant_emails, *(desk.value.lower() for desk in found.small_print)):
        assert value in text or "at-sign-word" in " ".join(desk.source for desk in found.desks)
    assert not set(found.registrant_emails) & {d.value for d in found.small_print}
    assert len(found.registrar) <= 200 and len(found.desks) <= 8 and len(found.words) <= 20
    assert found.state in ("registered", "available", "reserved", "throttled", "invalid", "")


@given(LINES)
def test_a_registrants_own_address_is_never_a_desk(rows: list[str]) -> None:
    found = whois.read("\n".join(rows).encode())
    assert "p@q.example" not in found.abuse and "x@y.example" not in [d.value for d in found.small_print]


HOSTILE = {
    "one letter": b"a" * 65536, "colons": b":" * 65536, "blanks": b" " * 65536, "at signs": b"a@a." * 16384,
    "titles": b"Registrar:\n" * 6000, "servers": b"Name servers:\n" + b"  a.b.c.d\n" * 6000, "brackets": b"[" * 65536,
    "dots": b"Domain: a.cc\nRegistrar" + b"." * 60000 + b": x", "refusals": b"no data limit domain name is " * 2200,
    "dates": b"Domain: a.cc\n" + b"Created: 2020-1-1 " * 3500, "parentheses": b"Domain: a.cc\nregistrar: (" * 2500,
    "line ends": b"Domain: a.cc\nnserver: a.b.cc\n" + b"\n \n\t" * 13000,
}  # fmt: skip


@pytest.mark.parametrize("suffix", ["com", "uk", "jp", "hk", "it", "edu"])
def test_hostile_text_takes_bounded_time(suffix: str) -> None:
    whois.read(b"Domain: warm.example\nRegistrar: up", suffix)
    for name, data in HOSTILE.items():
        started = time.process_time()
        whois.read(data, suffix)
        assert time.process_time() - started < 3.0, name


def test_the_package_is_a_parser_and_opens_no_socket() -> None:
    program = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    if event.startswith('socket.'):\n"
        "        raise SystemExit(f'opened {event}')\n"
        "sys.addaudithook(watch)\n"
        "from efface.whereabouts import whois, whois_package\n"
        "assert whois_package.parse('Domain Name: BAD.COM\\nRegistrar: Names\\n', 'com')['registrar'] == 'Names'\n"
        "assert whois_package.servers()['com'] == 'whois.verisign-grs.com'\n"
        "whois.read(b'Domain Name: BAD.COM\\nRegistrar: Names\\nRegistrar WHOIS Server: 127.0.0.1\\n')\n"
        "import socket\n"
        "if len(sys.argv) > 1: socket.create_connection(('127.0.0.1', 9), 0.1)\n"
    )
    run = [sys.executable, "-c", program]
    assert subprocess.run(run, check=False, capture_output=True).returncode == 0
    broken = subprocess.run([*run, "dial"], check=False, capture_output=True, text=True)
    assert broken.returncode == 1 and "opened socket" in broken.stderr
    assert socket.socket is not None


def test_a_stumbling_package_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = whois_package._module("parse_tld").DomainParser
    monkeypatch.setattr(parser, "parse", lambda *given: 1 / 0)
    assert whois_package.parse("Registrar: Names", "com") == {}
    assert whois.read(b"Domain: bad.com\nRegistrar: Names\n").registrar == "Names"


@pytest.mark.parametrize(
    ("path", "suffix"),
    [("whois.nic.uk/uk/status.txt", "uk"), ("bad.to.txt", "to"), ("bad.to", "to"), ("/tmp/answer.txt", ""),
     ("whois.denic.de/a.txt", "de"), ("bad.com.whois", "com")],
)  # fmt: skip
def test_the_suffix_a_files_name_tells(path: str, suffix: str) -> None:
    assert whois.suffix_of(Path(path)) == suffix


def test_the_words_do_not_contradict_each_other() -> None:
    data = yaml.safe_load((Path(whois_words.__file__).parent / "data/whois.yaml").read_text(encoding="utf-8"))
    for part in ("fields", "owners"):
        keys = [whois_words.plain(key) for words in data[part].values() for key in words]
        assert len({*keys}) > 10
        meanings = {(whois_words.plain(key), name) for name, words in data[part].items() for key in words}
        assert len(meanings) == len({key for key, _ in meanings}), part


def test_real_answers_are_all_read() -> None:
    if not REAL.exists():
        pytest.skip("the collection of real answers is not here")
    with tarfile.open(REAL) as archive:
        for member in archive.getmembers():
            if not member.name.endswith(".txt"):
                continue
            handle = archive.extractfile(member)
            assert handle is not None
            found = whois.read(handle.read(), whois.suffix_of(Path(member.name)))
            assert not set(found.abuse) & set(found.registrant_emails), member.name
            if member.name.endswith("status_available.txt"):
                assert found.state == "available" and not found.found, member.name
