"""The decision table, row by row, and the promises that no row may break."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efface.net.protocol import Baseline, FetchFacts, MediaLook, Observation, PageLook, Picture
from efface.takedown import sight
from efface.takedown.verdict import GONE, PastCheck, Verdict, judge

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE, FULL, THUMB = "https://a.example/v/1", "https://img.a.example/1.jpg", "https://img.a.example/s/1.jpg"
BASELINE = Baseline("T", [1, 2], [3], [FULL, THUMB])


def at(url: str, status: int = 200, **more: Any) -> FetchFacts:
    return FetchFacts(url, final_url=more.pop("final_url", url if status else ""), status=status, **more)


def page(status: int = 200, *, url: str = PAGE, walls: tuple[str, ...] = (), served: bool = False, probe: float = 0.1,
         baseline: float = -1.0, urls: tuple[str, ...] = (), **more: Any) -> PageLook:  # fmt: skip
    return PageLook(
        at(url, status, **more), walls=list(walls), media_urls=list(urls), similar_probe=probe, dom_similar_probe=probe,
        similar_baseline=baseline, serves_target=served,
    )  # fmt: skip


def picture(role: str = "media", status: int = 404, *, matches: bool = False, url: str = "", distance: int = 256,
            mime: str = "image/jpeg", error: str = "", hit: bool = False, bypass: int = 0, bypass_matches: bool = False,
            wall: str = "", clip: str = "", usual: bool = False, compared: bool = False, pdq: str = "",
            **more: Any) -> MediaLook:  # fmt: skip
    facts = at(url or (FULL if role == "media" else THUMB), status, mime=mime, **more)
    near = 0 if matches else distance
    shown = Picture(mime=mime, error=error, clip=clip, pdq=[pdq] if pdq else [])
    return MediaLook(
        role, facts, shown, matches, near, hit, bypass, bypass_matches, wall, usual=usual, compared=compared
    )


CONTROL = page(url="https://a.example/v/2", probe=-1)
PROBES = [page(404, url="https://a.example/v/zq1", probe=-1), page(404, url="https://a.example/v/zq2", probe=-1)]
NONE_LEFT = [picture(), picture("thumbnail")]
ALIVE = [picture(status=200, matches=True), picture("thumbnail", 200, matches=True)]


def seen(look: PageLook | None = None, media: list[MediaLook] | None = None, **more: Any) -> Observation:
    """The same page for both user agents, a control and two probes."""
    pages = more.pop("pages", None) or {"bot": look or page(404), "browser": look or page(404)}
    defaults: dict[str, Any] = {"probes": PROBES, "control": CONTROL}
    return Observation(pages=pages, media=NONE_LEFT if media is None else media, **{**defaults, **more})


def told(observation: Observation, history: list[PastCheck] | None = None, **more: Any) -> Verdict:
    return judge(observation, history or [], more.pop("baseline", BASELINE), more.pop("now", NOW), **more)


def past(state: str, hours: float, row: int = 14, control: bool = True) -> PastCheck:
    return PastCheck(NOW - timedelta(hours=hours), row, state, control)


GONE_THREE_DAYS = [past("gone-provisional", 72), past("gone-provisional", 66), past("gone-provisional", 48)]
CONFIRMED = [*(replace(one, at=one.at - 10 * DAY) for one in GONE_THREE_DAYS), past("gone-confirmed", 240, 15)]


@pytest.mark.parametrize(("said", "frame", "title", "counts"), [
    (0.1, 0.3, "Album", True), (0.97, 0.99, "Back soon", False), (0.5, 0.99, "Back soon", False),
    (0.5, 0.99, "Album", True), (0.5, 0.3, "Back soon", True),
])  # fmt: skip
def test_a_site_that_shows_the_same_page_for_everything_is_no_control(
    said: float, frame: float, title: str, counts: bool
) -> None:
    """Told by its words and frame; where the words change with every visit, by frame and title."""
    probes = [replace(one, title="Back soon", facts=at(one.facts.url)) for one in PROBES]
    control = replace(CONTROL, title=title, similar_probe=said, dom_similar_probe=frame)
    assert (told(seen(probes=probes, control=control)).state == "gone-provisional") is counts


# row by row -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "observation",
    [
        seen(control=None),
        seen(control=page(500, url="https://a.example/v/2")),
        seen(control=page(url="https://a.example/v/2", walls=("challenge",))),
        seen(control=page(url="https://a.example/v/2", walls=("not-found",))),
        seen(control=page(0, url="https://a.example/v/2", error="timeout")),
        seen(elsewhere_ok=False),
        seen(page(0, error="servfail")),
        seen(page(0, error="internal")),
        seen(media=[picture(status=0)]),
        seen(media=[]),
        seen(media=[picture(status=200, error="corrupt")]),
        seen(media=[picture(status=200, mime="text/html", error="unknown-format")]),
        seen(media=[picture(status=200, mime="text/html", error="unknown-format", wall="age")]),
        seen(pages={"bot": page(0)}),
    ],
)
def test_row_1_unknown(observation: Observation) -> None:
    verdict = told(observation)
    assert (verdict.row, verdict.state, verdict.next_check) == (1, "unknown", timedelta(minutes=15))


def test_row_1_waits_longer_each_time_and_at_most_a_day() -> None:
    waits = [
        told(seen(control=None), [past("unknown", n + 1, 1) for n in range(count)]).next_check for count in range(12)
    ]
    assert waits[:4] == [timedelta(minutes=15 * 2**n) for n in range(4)]
    assert waits[-1] == DAY


def test_row_2_live() -> None:
    for observation in (seen(page(served=True), ALIVE), seen(page(served=True), []), seen(page(), ALIVE),
                        seen(page(403), ALIVE), seen(page(served=True), control=None)):  # fmt: skip
        verdict = told(observation)
        assert (verdict.row, verdict.state) == (2, "live")


def test_row_2_reappeared_when_it_had_been_gone_for_good() -> None:
    verdict = told(seen(page(served=True), ALIVE), CONFIRMED)
    assert (verdict.row, verdict.state, verdict.returned) == (2, "reappeared", True)
    again = told(seen(page(served=True), ALIVE), [*CONFIRMED, past("reappeared", 24, 2)])
    assert (again.state, again.returned) == ("live", False)
    flicker = told(seen(page(served=True), ALIVE), [past("live", 9, 2), past("gone-provisional", 6)])
    assert (flicker.state, flicker.returned) == ("live", False)


def test_row_2_a_page_with_a_picture_nobody_looked_at_is_live_even_if_the_old_addresses_are_gone() -> None:
    fresh = seen(
        page(served=True, urls=("https://img.a.example/new.jpg",)), [picture(), picture("thumbnail", 200, matches=True)]
    )
    assert told(fresh).row == 2


def test_row_3_the_page_is_gone_the_media_is_not() -> None:
    for gone in (page(404), page(410), page(walls=("not-found",)), page(probe=0.95)):
        verdict = told(seen(gone, ALIVE))
        assert (verdict.row, verdict.state, verdict.part, verdict.next_check) == (3, "partial", "media", DAY)
    copy = [picture(), picture("cdn", 200, matches=True)]
    assert told(seen(page(404), copy)).row == 3
    assert told(seen(page(404), ALIVE), CONFIRMED).state == "reappeared"


def test_row_4_only_a_small_version_is_left() -> None:
    media = [picture(), picture("thumbnail", 200, matches=True)]
    for look in (page(404), page(served=True, urls=(FULL, THUMB))):
        verdict = told(seen(look, media))
        assert (verdict.row, verdict.state, verdict.part, verdict.next_check) == (4, "partial", "thumbnail", DAY)
    assert told(seen(page(404), [picture(), picture("poster", 200, matches=True)])).row == 4


def test_row_5_only_a_cache_still_has_it() -> None:
    cached = [picture(status=200, matches=True, hit=True, bypass=404), picture("thumbnail")]
    verdict = told(seen(page(404), cached))
    assert (verdict.row, verdict.state, verdict.part, verdict.next_check) == (5, "partial", "cdn-cache", 12 * HOUR)
    still = [picture(status=200, matches=True, hit=True, bypass=200, bypass_matches=True)]
    assert told(seen(page(404), still)).row == 3


def test_row_6_moved() -> None:
    look = page(served=True, final_url="https://b.example/v/1")
    verdict = told(seen(look))
    assert (verdict.row, verdict.state, verdict.moved_to) == (6, "moved", "https://b.example/v/1")
    assert verdict.next_check == timedelta(0)
    same = page(served=True, final_url="https://www.a.example/v/1/")
    assert told(seen(same)).row == 2
    stranger = told(seen(page(final_url="https://b.example/x")))
    assert (stranger.row, stranger.state) == (6, "conflict")


@pytest.mark.parametrize("to", ["https://a.example/", "https://a.example/v", "https://www.a.example"])
def test_row_7_forwarded_to_front_page_or_listing_goes_on_to_14(to: str) -> None:
    verdict = told(seen(page(final_url=to)))
    assert (verdict.row, verdict.state) == (14, "gone-provisional")
    assert verdict.facts["how"] == "forwarded or not-found page"


def test_row_7_forwarded_where_any_address_is_forwarded() -> None:
    probes = [page(url=f"https://a.example/v/q{n}", final_url="https://a.example/sorry", probe=-1) for n in (1, 2)]
    assert told(seen(page(final_url="https://a.example/sorry"), probes=probes)).row == 14


@pytest.mark.parametrize(
    "observation",
    [
        seen(page(401)), seen(page(403)), seen(page(402)), seen(page(walls=("login",))), seen(page(walls=("age",))),
        seen(page(walls=("paywall",))), seen(page(404, walls=("login",))), seen(page(404), [picture(status=403)]),
        seen(page(walls=("login",), probe=1.0)),
    ],
)  # fmt: skip
def test_row_8_gated_is_not_removed(observation: Observation) -> None:
    verdict = told(observation)
    assert (verdict.row, verdict.state, verdict.next_check) == (8, "gated", 2 * DAY)


def test_row_8_not_where_the_door_was_always_there() -> None:
    behind = seen(page(walls=("age", "not-found")))
    assert told(behind).row == 8
    assert told(behind, walls_before=frozenset({"age"})).row == 14
    everywhere = seen(page(404, walls=("login",)), control=page(url="https://a.example/v/2", walls=("login",)))
    assert told(everywhere, walls_before=frozenset({"login"})).row == 14


@pytest.mark.parametrize(
    "observation",
    [
        seen(page(walls=("challenge",))), seen(page(403, walls=("challenge",))), seen(page(503, walls=("challenge",))),
        seen(page(429)), seen(page(403, headers={"cf-mitigated": "challenge"})),
        seen(page(404), [picture(status=429)]),
        seen(pages={"bot": page(403, walls=("challenge",)), "browser": page(404)}),
    ],
)  # fmt: skip
def test_row_9_blocked_as_a_robot(observation: Observation) -> None:
    verdict = told(observation)
    assert (verdict.row, verdict.state, verdict.next_check) == (9, "bot-blocked", DAY)


@pytest.mark.parametrize(
    "observation", [seen(page(451)), seen(page(walls=("geo",))), seen(page(404), [picture(status=451)])]
)
def test_row_10_blocked_by_country(observation: Observation) -> None:
    verdict = told(observation)
    assert (verdict.row, verdict.state, verdict.next_check) == (10, "geo-blocked", 3 * DAY)


@pytest.mark.parametrize(
    "observation",
    [
        seen(page(0, error="nxdomain"), [], control=None),
        seen(page(0, error="timeout"), [], control=None, domain_status=["client hold"]),
        seen(page(404), domain_status=["active", "serverHold"]),
        seen(page(404), domain_status=["redemption period"]),
    ],
)
def test_row_11_domain_suspended(observation: Observation) -> None:
    verdict = told(observation)
    assert (verdict.row, verdict.state, verdict.next_check) == (11, "suspended", DAY)
    later = told(observation, [past("suspended", 24 * n, 11) for n in range(7, 0, -1)])
    assert later.next_check == 7 * DAY


@pytest.mark.parametrize("wall", ["suspended", "parked"])
def test_row_12_host_suspended(wall: str) -> None:
    observation = seen(page(walls=(wall,)), [], control=None)
    verdict = told(observation)
    assert (verdict.row, verdict.state, verdict.next_check) == (12, "suspended", DAY)
    later = told(observation, [past("suspended", 24 * n, 12) for n in range(14, 0, -1)])
    assert later.next_check == 7 * DAY


@pytest.mark.parametrize("error", ["timeout", "reset", "tls", "bad-answer", "redirect-loop", "refused", "too-large"])
def test_row_13_unreachable_only_after_three_checks_in_two_days(error: str) -> None:
    observation = seen(page(0, error=error), [], control=None)
    first = told(observation)
    assert (first.row, first.state) == (13, "unknown")
    quick = told(observation, [past("unknown", 2, 13), past("unknown", 1, 13)])
    assert quick.state == "unknown"
    late = told(observation, [past("unknown", 50, 13), past("unknown", 20, 13)])
    assert (late.row, late.state, late.next_check) == (13, "unreachable", DAY)
    assert told(seen(page(0, error=error), [], control=None, elsewhere_ok=False)).row == 1


@pytest.mark.parametrize(
    "observation",
    [
        seen(page(404)), seen(page(410)), seen(page(walls=("not-found",))), seen(page(probe=0.9)),
        seen(page(404), [picture(status=200, mime="text/html", error="unknown-format", wall="not-found")]),
        seen(page(404), [picture(status=200, distance=130, compared=True)]),
        seen(page(404), [picture(status=200, distance=130, usual=True)]),
        seen(page(404), [picture(status=410)]),
    ],
)  # fmt: skip
def test_row_14_gone_for_now(observation: Observation) -> None:
    verdict = told(observation)
    assert (verdict.row, verdict.state, verdict.control_ok, verdict.next_check) == (
        14,
        "gone-provisional",
        True,
        6 * HOUR,
    )


def test_row_14_a_not_found_page_full_of_recommendations() -> None:
    assert told(seen(page(probe=0.6, baseline=0.1))).row == 14
    assert told(seen(page(probe=0.6, baseline=0.1), ALIVE)).row == 3
    assert told(seen(page(probe=0.6, baseline=0.4))).row == 16
    assert told(seen(page(probe=0.6, baseline=0.1), probes=PROBES[:1])).row == 16


def test_row_14_is_looked_at_again_after_6_24_and_72_hours() -> None:
    assert told(seen(), [past("gone-provisional", 6)]).next_check == 18 * HOUR
    assert told(seen(), [past("gone-provisional", 24), past("gone-provisional", 18)]).next_check == 48 * HOUR
    assert told(seen(), [past("gone-provisional", 100)]).next_check == DAY


def test_row_15_gone_needs_three_checks_over_72_hours_each_with_a_control() -> None:
    verdict = told(seen(), GONE_THREE_DAYS)
    assert (verdict.row, verdict.state, verdict.next_check) == (15, "gone-confirmed", 7 * DAY)
    assert "4 checks over 3 days" in verdict.reason and "removed" not in verdict.reason
    assert told(seen(), GONE_THREE_DAYS[1:]).state == "gone-provisional"
    assert told(seen(), GONE_THREE_DAYS[:1]).state == "gone-provisional"
    assert told(seen(), [replace(one, control_ok=False) for one in GONE_THREE_DAYS]).state == "gone-provisional"


def test_row_15_anything_seen_in_between_starts_again_and_an_unknown_does_not() -> None:
    for state, row in (
        ("live", 2),
        ("partial", 4),
        ("gated", 8),
        ("bot-blocked", 9),
        ("unreachable", 13),
        ("conflict", 0),
    ):
        assert told(seen(), [*GONE_THREE_DAYS, past(state, 1, row)]).state == "gone-provisional"
    assert told(seen(), [*GONE_THREE_DAYS, past("unknown", 1, 1, control=False)]).state == "gone-confirmed"


def test_row_15_is_watched_for_ever() -> None:
    for days, wait in ((1, 6), (8, 6), (20, 10), (40, 50), (100, 80), (200, 180)):
        history = [
            *(replace(one, at=one.at - days * DAY) for one in GONE_THREE_DAYS),
            past("gone-confirmed", days * 24, 15),
        ]
        assert told(seen(), history).next_check == wait * DAY, days


def test_row_16_replaced_and_the_text_gone_counts_like_14() -> None:
    look = seen(page(baseline=0.1), [picture(status=200, distance=130, compared=True), picture("thumbnail")])
    verdict = told(look)
    assert (verdict.row, verdict.state) == (16, "content-replaced")
    assert (
        told(look, [replace(one, row=16, state="content-replaced") for one in GONE_THREE_DAYS]).state
        == "gone-confirmed"
    )


def test_a_video_that_cannot_be_told_from_hers_is_never_taken_for_another() -> None:
    """Other seconds of the same video are as far away as a stranger's."""
    other = picture(status=200, distance=104, mime="video/mp4", clip="AAAA")
    assert sight.media(other) == "unread"
    assert sight.media(picture(status=200, distance=sight.NEAR - 1, clip="AAAA")) == "near"
    verdict = told(seen(page(baseline=0.1), [other, picture("thumbnail")]), GONE_THREE_DAYS)
    assert (verdict.row, verdict.state) == (1, "unknown")


@pytest.mark.parametrize(
    "look",
    [page(baseline=0.1), page(404), page(baseline=0.9), page(baseline=-1), page(walls=("not-found",), probe=0.9)],
)
def test_a_page_with_a_video_that_was_not_compared_is_not_called_gone(look: PageLook) -> None:
    """Its old address answers 404; the video may stand at another."""
    moved = replace(look, uncompared=["https://img.a.example/v.mp4?signed=anew"])
    for history in ([], GONE_THREE_DAYS):
        verdict = told(seen(moved), history)
        assert (verdict.row, verdict.state) == (1, "unknown") and "video" in verdict.reason
        assert told(seen(look), history).state != "unknown"


def test_row_16_replaced_but_the_text_still_names_her() -> None:
    verdict = told(seen(page(baseline=0.9)))
    assert (verdict.row, verdict.state, verdict.part) == (16, "partial", "identifying-text")
    assert told(seen(page(baseline=-1))).state == "conflict"


def test_row_17_gone_but_listed() -> None:
    listing = picture("search", 200, matches=True, url="https://search.example/t.jpg")
    for verdict in (told(seen(), listed=True), told(seen(media=[*NONE_LEFT, listing]))):
        assert (verdict.row, verdict.state, verdict.next_check) == (17, "delisting-pending", 2 * DAY)
    history = [replace(one, row=17, state="delisting-pending") for one in GONE_THREE_DAYS]
    assert told(seen(), history).state == "gone-confirmed"
    assert told(seen(page(served=True)), [*history, past("delisting-pending", 0, 17)]).returned
    assert not told(seen(page(served=True)), history).returned


def test_user_agents_that_disagree_go_to_a_person() -> None:
    for shown in (page(served=True), page(baseline=0.9)):
        verdict = told(seen(pages={"bot": page(404), "browser": shown}))
        assert (verdict.row, verdict.state) == (0, "conflict")
    assert told(seen(pages={"bot": page(404), "browser": page(served=True)}, media=ALIVE)).state == "live"


def test_a_picture_that_resembles_the_target_goes_to_a_person() -> None:
    verdict = told(seen(media=[picture(status=200, distance=60)]))
    assert (verdict.row, verdict.state) == (0, "conflict")


def test_a_page_of_scripts_only_that_never_changed_is_not_gone() -> None:
    assert told(seen(page(probe=1.0, baseline=1.0))).state == "partial"


# promises ---------------------------------------------------------------------------------------------------------

errors = st.sampled_from(
    ["", "", "", "refused", "nxdomain", "servfail", "timeout", "reset", "tls", "redirect-loop", "internal"]
)
statuses = st.sampled_from([0, 200, 200, 200, 301, 401, 403, 404, 404, 410, 429, 451, 500, 503])
shares = st.sampled_from([-1.0, 0.0, 0.49, 0.5, 0.8, 1.0])
walls = st.lists(
    st.sampled_from(["login", "age", "challenge", "paywall", "suspended", "parked", "geo", "not-found"]),
    max_size=2,
    unique=True,
)
urls = st.sampled_from([PAGE, "https://a.example/", "https://b.example/z", FULL])


@st.composite
def facts(draw: Any, url: str = PAGE) -> FetchFacts:
    error = draw(errors)
    return at(
        url, 0 if error else draw(statuses), error=error, final_url=draw(st.sampled_from(["", url])) or draw(urls)
    )


@st.composite
def looks(draw: Any) -> PageLook:
    return PageLook(
        draw(facts()), walls=draw(walls), media_urls=draw(st.lists(urls, max_size=2)), similar_probe=draw(shares),
        dom_similar_probe=draw(shares), similar_baseline=draw(shares), serves_target=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def media_looks(draw: Any) -> MediaLook:
    matches = draw(st.booleans())
    return MediaLook(
        draw(st.sampled_from(["media", "thumbnail", "poster", "cdn", "page", "search"])), draw(facts(FULL)),
        Picture(error=draw(st.sampled_from(["", "", "corrupt"]))), matches, 0 if matches else draw(st.integers(0, 256)),
        draw(st.booleans()), draw(st.sampled_from([0, 200, 404])), draw(st.booleans()),
    )  # fmt: skip


observations = st.builds(
    Observation,
    pages=st.dictionaries(st.sampled_from(["bot", "browser"]), looks(), max_size=2),
    probes=st.lists(looks(), max_size=2),
    control=st.none() | looks() | st.just(CONTROL),
    media=st.lists(media_looks(), max_size=3),
    elsewhere_ok=st.booleans() | st.just(True),
    domain_status=st.lists(st.sampled_from(["active", "client hold"]), max_size=1),
)
STATES = [
    "unknown",
    "live",
    "partial",
    "gated",
    "gone-provisional",
    "gone-confirmed",
    "content-replaced",
    "delisting-pending",
]
histories = st.lists(
    st.builds(PastCheck, at=st.integers(1, 400).map(lambda hours: NOW - timedelta(hours=hours)), row=st.integers(0, 17),
              state=st.sampled_from(STATES), control_ok=st.booleans()), max_size=8,
)  # fmt: skip


@settings(max_examples=600)
@given(observations, histories, st.sampled_from([None, BASELINE]), st.booleans())
def test_no_observation_without_a_positive_control_is_ever_gone(
    observation: Observation, history: list[PastCheck], baseline: Baseline | None, listed: bool
) -> None:
    verdict = judge(observation, history, baseline, NOW, listed=listed)
    if verdict.state in GONE:
        control = observation.control
        assert verdict.control_ok and observation.elsewhere_ok
        assert control is not None and control.facts.status == 200 and not control.facts.error
        assert observation.pages
        for look in observation.pages.values():
            assert not look.facts.error and look.facts.status in (200, 404, 410) and not look.serves_target
        for one in observation.media:
            if one.role != "search":
                assert not one.matches and not one.facts.error and one.facts.status in (200, 404, 410)
    assert verdict.next_check >= timedelta(0) and 0 <= verdict.row <= 17
    assert 0 < len(verdict.reason) <= 400
    assert verdict.past(NOW) == PastCheck(NOW, verdict.row, verdict.state, verdict.control_ok)


@settings(max_examples=300)
@given(observations, histories)
def test_gone_for_good_needs_three_days_of_it(observation: Observation, history: list[PastCheck]) -> None:
    if judge(observation, history, BASELINE, NOW).state == "gone-confirmed":
        before = [one for one in history if one.state in GONE and one.control_ok]
        assert len(before) >= 2 and NOW - min(one.at for one in before) >= timedelta(hours=72)


@settings(max_examples=300)
@given(observations, histories)
def test_without_the_control_the_same_observation_is_never_gone(
    observation: Observation, history: list[PastCheck]
) -> None:
    assert judge(replace(observation, control=None), history, BASELINE, NOW).state not in GONE


@given(observations, histories)
def test_the_same_evidence_gives_the_same_verdict_whatever_the_order(
    observation: Observation, history: list[PastCheck]
) -> None:
    swapped = replace(observation, media=observation.media[::-1], pages=dict(reversed(observation.pages.items())))
    first = judge(observation, history, BASELINE, NOW)
    second = judge(swapped, history, BASELINE, NOW)
    assert (first.row, first.state, first.next_check) == (second.row, second.state, second.next_check)


def test_the_kinds_of_a_hold_are_those_of_epp() -> None:
    for word in ("clientHold", "server hold", "REDEMPTION PERIOD", "pending delete"):
        assert sight.held(seen(domain_status=[word]))
    assert not sight.held(seen(domain_status=["client transfer prohibited"]))
