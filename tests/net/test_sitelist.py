"""Lists of sites as people have them: with and without a header, in any encoding; hostile ones end in words."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.net import sitelist
from efface.net.decoder import Decoder
from efface.net.sitelist import ListError, parse


def addresses(data: bytes) -> list[str]:
    return [row.address for row in parse(data).rows]


@pytest.mark.parametrize(
    ("data", "form", "found"),
    [
        (b"a.example\n\n# not this\r\nb.example/x\rc.example", "lines", ["a.example", "b.example/x", "c.example"]),
        (b"url,type\nhttp://a.example/,tube\nb.example,forum\n", "csv", ["http://a.example/", "b.example"]),
        (b"Name;Webseite;Land\nEins;a.example/x;DE\nZwei;b.example;\n", "csv", ["a.example/x", "b.example"]),
        (b"1\tnote\ta.example\n2\tnote\tb.example\n", "csv", ["a.example", "b.example"]),
        (b"Nr,Bezeichnung\n1,a.example\n2,b.example\n", "csv", ["a.example", "b.example"]),
        (b'"domain"\n"a.example"\n', "csv", ["a.example"]),
        (b'url,note\n"a.example","two\nlines"\nb.example,x\n', "csv", ["a.example", "b.example"]),
        (b'["a.example", "b.example"]', "json", ["a.example", "b.example"]),
        (b'{"sites": [{"url": "a.example", "type": "tube"}, {"domain": "b.net"}]}', "json", ["a.example", "b.net"]),
        (b'{"url": "a.example"}\n{"url": "b.example"}\n', "json", ["a.example", "b.example"]),
    ],
)  # fmt: skip
def test_forms(data: bytes, form: str, found: list[str]) -> None:
    assert (parse(data).form, addresses(data)) == (form, found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings(encoding: str) -> None:
    text = "url;kind\nhttps://bücher.example/;tube\nplain.example;forum\n"
    assert addresses(text.encode(encoding)) == ["https://bücher.example/", "plain.example"]


def test_bad_lines_have_their_number_and_cost_themselves_only() -> None:
    found = parse(b"domain,type\na.example,tube\n,forum\nb.example,tube\n")
    assert [(row.line, row.address) for row in found.rows] == [(2, "a.example"), (4, "b.example")]
    assert [(one.line, one.why) for one in found.problems] == [(3, "no address in this line")]
    assert found.bad == 1
    odd = parse(json.dumps(["a.example", 7, {"type": "tube"}, {"url": "b.example"}]).encode())
    assert [one.line for one in odd.problems] == [2, 3] and len(odd.rows) == 2


def _zip(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (_zip(b"0" * 1_000_000), "ZIP"),
        (gzip.compress(b"0" * 1_000_000), "gzip"),
        (b"a" * (sitelist.MOST_BYTES + 1), "split"),
        (b"[" * 200_000, "nested too deeply|not valid JSON"),
        (b'{"a":' * 100_000, "nested too deeply|not valid JSON"),
        (b'["a.example",', "not valid JSON"),
        (b"a,b\n1,2\n3,4\n", "no column"),
        (b"\x00\x01\x02\x03" * 50, "no text"),
        (b"\xff\xfea", "please save it as UTF-8"),
        (b"a.example\n" * (sitelist.MOST_ROWS + 1), "split"),
    ],
    ids=["empty", "blank", "zip bomb", "gzip bomb", "too large", "deep list", "deep object", "cut", "no addresses",
         "binary", "wrong mark", "too many lines"],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(ListError, match=words):
        parse(data)


@given(st.binary(max_size=400))
def test_whatever_the_bytes_there_is_an_answer_or_a_word(data: bytes) -> None:
    try:
        found = parse(data)
    except ListError:
        return
    assert sitelist.from_wire(sitelist.to_wire(found)) == found
    assert len(found.problems) <= found.bad


DOMAIN = st.from_regex(r"[a-z]{2,8}\.example", fullmatch=True)


@given(st.lists(st.tuples(DOMAIN, st.text(max_size=30)), min_size=1, max_size=30))
def test_a_written_table_is_read_back(rows: list[tuple[str, str]]) -> None:
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(["domain", "note"])
    table.writerows([[domain, note.replace("\0", "").replace("\r", " ")] for domain, note in rows])
    found = parse(file.getvalue().encode("utf-8", "replace"))
    assert [row.address for row in found.rows] == [domain for domain, _note in rows]


SHORT = {"rows": [[1]], "problems": [], "form": "", "encoding": "", "bad": 0}


@pytest.mark.parametrize("answer", [None, [], {}, {"rows": 3}, SHORT])
def test_a_reader_that_was_taken_over_is_not_believed(answer: object) -> None:
    with pytest.raises(ListError):
        sitelist.from_wire(answer)


def test_the_sealed_reader_reads_what_the_parser_reads() -> None:
    with Decoder() as decoder:
        assert decoder.state()["on"], decoder.state()
        text = "url;kind\nhttps://bücher.example/;tube\n;\n"
        for encoding in ("utf-8", "utf-16", "cp1252"):
            data = text.encode(encoding)
            assert decoder.decode_sites(data) == parse(data)
        with pytest.raises(ListError, match="ZIP"):
            decoder.decode_sites(_zip(b"x"))
        with pytest.raises(ListError, match=r"nested|JSON"):
            decoder.decode_sites(b"[" * 5_000_000)
        with pytest.raises(ListError, match="split"):
            decoder.decode_sites(b"a" * 100_000_000)
        many = b"".join(b"site-%d.example\n" % number for number in range(5000))
        assert len(decoder.decode_sites(many).rows) == 5000


def test_an_object_of_a_stranger_is_read_in_the_sealed_reader() -> None:
    with Decoder() as decoder:
        found = {"a": [1, 0.8, "é", None], "b": {}}
        assert decoder.decode_object(json.dumps(found).encode()) == found
        deep, large = b'{"a":' * 9 + b"1" + b"}" * 9, b"a" * 13_000_000
        for data in (b"", b"[]", b"3", b"[" * 5_000_000, deep, b"\xff\xfe", large):
            assert isinstance(decoder.decode_object(data), str), data[:20]
