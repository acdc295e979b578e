"""The mail-in process, spoken to by SMTP: unsigned addresses are refused before the mail is sent."""

from __future__ import annotations

import os
import select
import smtplib
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from efface.engine.base import addresses, clock, sealing, tenancy
from efface.takedown import mailin
from efface.takedown.models import Inbound, Notice, Route
from tests.casework import make_case, make_finding
from tests.conftest import NOON, make_organisation, role

MAIL = b"From: desk@pictures.example\r\nTo: x@y.example\r\nSubject: Re\r\n\r\nWe have removed the content.\r\n"
DOMAIN = "reply.helpline.example"


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits, seen by the other process; everything of the organisations is emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_organisation, procrastinate_jobs, engine_deadline, sites_site, "
                           "search_media CASCADE")  # fmt: skip


@pytest.fixture
def notice(committed: None, monkeypatch: pytest.MonkeyPatch) -> Notice:
    monkeypatch.setenv("EFFACE_MAIL_DOMAIN", DOMAIN)
    with transaction.atomic():
        organisation = make_organisation()
    with clock.fixed(NOON), tenancy.organisation(organisation.pk):
        finding = make_finding(make_case(organisation))
        owned = {"organisation_id": organisation.pk, "case_id": finding.case_id, "finding": finding}
        route = Route.objects.create(
            **owned, episode=1, position=0, party_key="host:1", role="host", channel="email", contact="abuse@h.example",
            notice_type="eu_dsa_art16", why="", exposure="recipient_only", planned_at=NOON, starts_at=NOON,
        )  # fmt: skip
        return Notice.objects.create(
            **owned, route=route, reference=uuid.uuid4().hex[:20], notice_type="eu_dsa_art16", template="t",
            language="en", channel="email", contact="abuse@h.example", state="sent", drafted_at=NOON, sent_at=NOON,
        )  # fmt: skip


@pytest.fixture
def port(committed: None) -> Iterator[int]:
    yield from serving()


@pytest.fixture
def lmtp_port(committed: None) -> Iterator[int]:
    yield from serving({"EFFACE_MAIL_IN_LMTP": "1"})


def serving(more: dict[str, str] | None = None) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    code = (
        "import efface.engine.base.django as d; d.DATABASES['default']['NAME'] = "
        f"{connection.settings_dict['NAME']!r}; "
        "d.DATABASES['default']['OPTIONS'] = {'options': '-c role=efface_app'};"
        "from efface.takedown.mailin import main; main()"
    )
    environment = os.environ | {"EFFACE_MAIL_DOMAIN": DOMAIN, "EFFACE_MAIL_IN_PORT": str(number)}
    environment |= more or {}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and select.select([process.stdout], [], [], 60)[0]
    assert process.stdout.readline() == "ready\n"
    yield number
    begun = time.monotonic()
    process.terminate()
    assert process.wait(20) == 0 and time.monotonic() - begun < 20
    process.stdout.close()


def kept(notice: Notice) -> list[Inbound]:
    with tenancy.organisation(notice.organisation_id):
        return list(Inbound.objects.all())


def test_by_smtp(notice: Notice, port: int) -> None:
    signed = addresses.reply(notice.pk)
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as out:
        out.ehlo()
        for wrong in ("postmaster@" + DOMAIN, "removals@" + DOMAIN, addresses.reply(uuid.uuid4()),
                      signed.replace("r-", "b-", 1), signed.replace(DOMAIN, "other.example")):  # fmt: skip
            assert out.mail("desk@pictures.example")[0] == 250
            code, answer = out.rcpt(wrong)
            assert code == 550 and b"no such mailbox" in answer
            out.rset()
        assert out.sendmail("desk@pictures.example", [signed], MAIL) == {}
        assert out.sendmail("", [addresses.bounce(notice.pk)], MAIL) == {}
        assert out.sendmail("desk@pictures.example", [signed.upper()], MAIL) == {}
    [row] = kept(notice)
    assert row.notice_id == notice.pk and row.kind == ""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as out:
        with pytest.raises(smtplib.SMTPResponseException) as too_large:
            out.sendmail("a@b.example", [signed], b"x" * 11_000_000)
        assert too_large.value.smtp_code == 552
    with tenancy.organisation(notice.organisation_id):
        sealing.destroy_case_key(notice.case_id, NOON)
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as out:
        out.ehlo()
        out.mail("desk@pictures.example")
        assert out.rcpt(signed)[0] == 550


def test_by_lmtp_each_recipient_has_an_answer(notice: Notice, lmtp_port: int) -> None:
    signed = [addresses.reply(notice.pk), addresses.bounce(notice.pk)]
    with smtplib.LMTP("127.0.0.1", lmtp_port) as out:
        assert out.ehlo()[0] == 250
        assert out.mail("desk@pictures.example")[0] == 250
        assert out.rcpt("postmaster@" + DOMAIN)[0] == 550
        assert [out.rcpt(one)[0] for one in signed] == [250, 250]
        assert out.docmd("DATA")[0] == 354
        out.send(MAIL + b".\r\n")
        assert [out.getreply()[0] for _ in signed] == [250, 250]
        assert out.noop()[0] == 250, "and no answer more"
    assert [row.notice_id for row in kept(notice)] == [notice.pk]


@pytest.mark.django_db
def test_a_well_signed_address_of_no_notice_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_MAIL_DOMAIN", DOMAIN)
    assert mailin.find(addresses.reply(uuid.uuid4())) is None
