"""Every setting of an installation: its name, type, default and what it is for.

A value comes from the environment (``EFFACE_...``) or else from ``settings.toml`` in the data folder.
``docs/settings.md`` is checked against this table by a test. Secrets are no settings: they live in the data folder's
``secrets/``.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message says which and what would do."""


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    kind: type
    default: Any
    help: str

    @property
    def variable(self) -> str:
        return "EFFACE_" + self.name.upper()


def default_data_folder() -> str:
    """``/var/lib/efface`` for root, else the user's data folder (XDG)."""
    if os.geteuid() == 0:
        return "/var/lib/efface"
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return str(Path(home) / "efface")


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "data",
        str,
        "",
        "Folder that holds everything Efface keeps. Empty: /var/lib/efface for root, else the user's data folder.",
    ),
    Setting(
        "run",
        str,
        "",
        "Folder of this host's sockets. Empty: run/ in the data folder; `efface worker` makes one of its own there.",
    ),
    Setting(
        "database_url",
        str,
        "",
        "PostgreSQL to use, as postgres://owner:password@host/name. Empty: Efface runs "
        "its own on a socket in the data folder.",
    ),
    Setting(
        "objects",
        str,
        "",
        "Where sealed objects are kept: a folder or s3://bucket/prefix. Empty: objects/ in the data folder.",
    ),
    Setting("objects_endpoint", str, "", "Address of the S3-compatible storage: https://host or https://host:port."),
    Setting("objects_region", str, "us-east-1", "Its region."),
    Setting("objects_key", str, "", "Its access key id; the secret is in secrets/objects-secret."),
    Setting("web_host", str, "127.0.0.1", "Address the web server listens on. Put a TLS proxy in front of it."),
    Setting("web_port", int, 8400, "Port of the web server. 0 takes a free one."),
    Setting("hosts", str, "localhost,127.0.0.1", "Host names the web server answers to, with commas."),
    Setting("https", bool, False, "True when a TLS proxy stands in front: cookies become Secure and HSTS is sent."),
    Setting(
        "trusted_proxy", str, "",
        "Address of the TLS proxy, whose X-Forwarded-For is believed. Empty: all behind a proxy share one limit.",
    ),
    Setting("languages", str, "en,de,es,fr,pl,pt,uk,ar", "Languages offered, with commas."),
    Setting("time_zone", str, "UTC", "Time zone shown to caseworkers."),
    Setting(
        "smtp_host", str, "", "Mail server that notices leave through. Empty: nothing is sent, and doctor says so."
    ),
    Setting("smtp_port", int, 587, "Its port."),
    Setting("smtp_user", str, "", "Its user name; the password is in secrets/smtp-password."),
    Setting("smtp_tls", bool, True, "Use STARTTLS towards the mail server."),
    Setting(
        "dkim_selector", str, "efface", "DKIM selector that notices are signed under; the key is in secrets/dkim.key."
    ),
    Setting(
        "quiet_hours", str, "22-7", "Hours of the recipient's night in which reminders and the like wait. Empty: none."
    ),
    Setting("mail_domain", str, "", "Domain of the reply addresses; mail to it must reach mail-in."),
    Setting(
        "desk_hours", str, "1-5 9-17",
        "When survivors' messages are read: days (1 Monday to 7 Sunday) and hours in the time zone. Empty: not said.",
    ),
    Setting("answer_hours", int, 8, "Within so many of those hours messages are answered as a rule; she is told."),
    Setting(
        "quiet_mail_from", str, "",
        "Address that mails to survivors come from; its domain must say nothing. Empty: no mail goes to them.",
    ),
    Setting("mail_in_host", str, "127.0.0.1", "Address mail-in listens on (SMTP)."),
    Setting("mail_in_port", int, 8425, "Port of mail-in. 0 takes a free one."),
    Setting("mail_in_lmtp", bool, False, "Mail-in speaks LMTP, as a mail server on the same machine delivers it."),
    Setting("imap_host", str, "", "Mail server whose catch-all mailbox of mail_domain is read. Empty: none is."),
    Setting("imap_port", int, 993, "Its port."),
    Setting("imap_user", str, "", "Its user name; the password is in secrets/imap-password."),
    Setting("imap_folder", str, "INBOX", "The folder that is read."),
    Setting("imap_tls", str, "tls", "How it is reached: tls, starttls, or none on this machine."),
    Setting(
        "tsa_url", str, "", "RFC 3161 time-stamping authority. Empty: captures carry no timestamp, and doctor says so."
    ),
    Setting("tsa_certificate", str, "", "PEM file of the authority's certificate, to verify its tokens with."),
    Setting(
        "pack_certificate", str, "",
        "PEM file of the organisation's certificate that evidence packs are signed with, its own first; the key is in "
        "secrets/pack-signing.key. Empty: a certificate made here, and every pack says so.",
    ),
    Setting(
        "sealed_copies", bool, False,
        "Under a legal hold, two people may have a sealed copy of an adult's published picture kept until it ends.",
    ),
    Setting("tor_proxy", str, "", "SOCKS5 address of a Tor client, for .onion sites. Empty: off."),
    Setting("tor_everything", bool, False, "Fetch every site through tor_proxy, not .onion sites alone."),
    Setting(
        "ways_out",
        str,
        "",
        "Other ways out that a check looks through too, NAME=PROXY with commas: nl=socks5://HOST:PORT, "
        "br=http://HOST:PORT. Empty: it looks from here alone, and says so.",
    ),
    Setting("workers", int, 2, "Jobs one worker process runs at once."),
    Setting("queues", str, "", "Queues this worker serves, with commas. Empty: all."),
    Setting("crawl_pages", int, 12, "Pages fetched from one site in one visit."),
    Setting("browser", bool, True, "Show pages that only scripts write to this machine's Chromium."),
    Setting("crawl_delay", float, 10.0, "Seconds between two requests to one site when robots.txt names none."),
    Setting("crawl_hours", float, 24.0, "Hours between two visits of a site that changes; quiet sites wait longer."),
    Setting(
        "child_list", str, "",
        "File of digests of known child material, or the https address of a service that holds such a list. What the "
        "crawl meets is compared with it in memory; a hit stops the site. Empty: off.",
    ),
    Setting(
        "child_terms", str, "",
        "File of further phrases that pages with child material use, beside those that come with Efface. Empty: none.",
    ),
    Setting(
        "session_minutes", int, 30, "A console session ends after this many idle minutes; a portal session after half."
    ),
    Setting(
        "kms_url", str, "",
        "Address of a key service with the transit interface (OpenBao, Vault), for `efface lock --keeper transit`; its "
        "token is in secrets/kms-token. Empty: none.",
    ),
    Setting("kms_key", str, "efface", "Name of the key there that wraps the installation key."),
    Setting(
        "trusted_flagger", bool, False,
        "The organisations here hold the status of trusted flagger (Digital Services Act, Article 22).",
    ),
    Setting(
        "platform_lookup", bool, False,
        "Platforms under agreement may ask whether a picture is on the list of those who allowed it. Off: refused.",
    ),
    Setting(
        "decoder_fallback", bool, False, "Decode pictures although the sandbox cannot be sealed. Never in production."
    ),
)
QUEUES = ("crawl", "sweep", "sites", "match", "takedown", "verify", "evidence", "mail")
"""What a worker may be told to serve."""
BY_NAME = {setting.name: setting for setting in SETTINGS}

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def _as_bool(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(text)


_READ: dict[type, Callable[[str], Any]] = {str: str, int: int, float: float, bool: _as_bool}


@cache
def _file() -> dict[str, Any]:
    path = data_folder() / "settings.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, PermissionError):
        return {}
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path} is not valid TOML: {error}") from None


def get(name: str) -> Any:
    """The value of a setting, in its type. Raises ``SettingError`` for a value of the wrong kind."""
    setting = BY_NAME[name]
    if setting.variable in os.environ:
        raw = os.environ[setting.variable]
        try:
            return _READ[setting.kind](raw)
        except ValueError:
            raise SettingError(f"{setting.variable} must be a {setting.kind.__name__}, not {raw!r}") from None
    value = setting.default if name == "data" else _file().get(name, setting.default)
    if setting.kind is float and isinstance(value, int):
        value = float(value)
    if not isinstance(value, setting.kind):
        raise SettingError(f"{name} in settings.toml must be a {setting.kind.__name__}, not {value!r}")
    return value


def data_folder() -> Path:
    raw = os.environ.get("EFFACE_DATA", "")
    return Path(raw or default_data_folder()).absolute()


def _short(name: str) -> Path:
    """A folder of the data folder, or a stand-in derived from its path: unix socket paths hold 107 bytes."""
    folder = data_folder() / name
    if len(str(folder)) <= 80:
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path("/tmp") / f"efface-{os.geteuid()}-{digest}"  # noqa: S108 - made 0700, its owner is checked


def run_folder() -> Path:
    """Folder of this installation's sockets on this host, 0700, ours."""
    configured = get("run")
    folder = Path(configured).absolute() if configured else _short("run")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise SettingError(f"{folder} belongs to another user")
    return folder


def database_socket_folder() -> Path:
    """Folder of the database's socket. Not inside ``run``: the database may run as another user."""
    return _short("db")


def forget_cache() -> None:
    """Read ``settings.toml`` again (tests, and after the data folder was set)."""
    _file.cache_clear()
