"""What a check compares a page's videos with: the clips of the finding, hers first, as long as they may be used."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from efface.cases import consents, fingerprints
from efface.cases.models import Case, Purpose
from efface.search.models import Asset, Finding, Match, Media
from efface.takedown import facts
from efface.vision.video import FramePrint, VideoPrint
from tests.casework import make_case, make_finding
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
MET = VideoPrint(9.0, (FramePrint(0, 0.0, 90, "ab" * 32),)).to_bytes()
HERS = b64encode(VideoPrint(9.0, (FramePrint(0, 0.0, 90, "cd" * 32),)).to_bytes()).decode()
FILE = "5" * 64


@pytest.fixture
def case(inside: Any) -> Case:
    return make_case(inside)


def clips(finding: Finding) -> tuple[list[str], bool]:
    return facts.clips(finding, facts.assets(finding), NOON)


def shows(finding: Finding, clip: bytes, error: str = "") -> None:
    """The full medium of the finding, as it was met."""
    Media.objects.create(sha256=bytes.fromhex(FILE), clip=clip, error=error, first_seen=NOON, last_seen=NOON)
    Asset.objects.filter(finding=finding, role="media").update(sha256=FILE)


def test_a_finding_of_pictures_is_still(case: Case) -> None:
    finding = make_finding(case)
    assert clips(finding) == ([], True)
    shows(finding, b"")
    assert clips(finding) == ([], True)


def test_a_video_is_compared_by_its_clip(case: Case) -> None:
    finding = make_finding(case)
    shows(finding, MET)
    assert clips(finding) == ([b64encode(MET).decode()], False)


@pytest.mark.parametrize("url", ["http://img.pictures.example/v.mp4?sig=1", "http://img.pictures.example/get?id=7"])
def test_what_is_not_known_to_be_a_picture_may_be_a_video(case: Case, url: str) -> None:
    """Its fingerprints were forgotten, or it could not be read."""
    finding = make_finding(case, media=(url,))
    assert clips(finding) == ([], False)
    shows(finding, b"", error="truncated")
    assert clips(finding) == ([], False)


def test_her_own_video_comes_first_while_it_may_be_used(case: Case) -> None:
    finding = make_finding(case)
    shows(finding, MET)
    row = fingerprints.keep(case, "video", {"clip": HERS, "sha256": "6" * 64}, "v", "survivor", NOON)
    Match.objects.filter(pk=finding.match_id).update(reasons=[{"kind": "video", "fingerprint": str(row.pk)}])
    finding.match.refresh_from_db()
    assert clips(finding)[0] == [HERS, b64encode(MET).decode()]
    consents.withdraw(case, Purpose.HASH_MATCH, "survivor", NOON)
    assert clips(finding)[0] == [b64encode(MET).decode()]
    consents.give(case, Purpose.HASH_MATCH, "survivor", NOON)
    fingerprints.retire(row, "survivor", NOON)
    assert clips(finding)[0] == [b64encode(MET).decode()]
