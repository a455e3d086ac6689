"""The status table: a row per test."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from ven_daemon.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisdirectedError,
    NotFoundError,
    RejectedError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedError,
    VtnBusyError,
    VtnError,
)
from ven_daemon.domain.retry import clamp_retry_after
from ven_daemon.vtn.status import classify, is_authentication, retry_after, words_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

ROWS: list[tuple[str, tuple[int, ...], type[VtnError] | None]] = [
    ("success", (200, 201, 202, 204, 206, 226), None),
    ("object", (400, 415, 422), RejectedError),
    ("authentication", (401,), UnauthorizedError),
    ("blocked", (403,), ForbiddenError),
    ("gone", (404,), NotFoundError),
    ("unsupported", (405, 501), UnsupportedError),
    ("transient", (408, 425, 429, 500, 502, 503, 504, 507, *range(520, 530)), VtnBusyError),
    ("conflict", (409,), ConflictError),
    ("too large", (413, 414, 431), TooLargeError),
    ("configuration", (300, 301, 302, 303, 304, 307, 308), MisdirectedError),
    ("unlisted, the server's fault", (505, 506, 508, 511, 530, 599, 999), VtnBusyError),
    ("unlisted, ours", (402, 406, 410, 411, 418, 421, 423, 451, 499), RejectedError),
]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(status, kind, id=f"{name}-{status}")
        for name, statuses, kind in ROWS
        for status in statuses
    ],
)
def test_a_status_has_one_meaning(status: int, kind: type[VtnError] | None) -> None:
    assert classify(status) is kind


@pytest.mark.parametrize(
    ("kind", "transient"),
    [
        (VtnBusyError, True),
        (RejectedError, False),
        (UnauthorizedError, False),
        (ForbiddenError, False),
        (NotFoundError, False),
        (ConflictError, False),
        (TooLargeError, False),
        (UnsupportedError, False),
        (MisdirectedError, False),
    ],
)
def test_only_a_busy_vtn_is_asked_again(kind: type[VtnError], transient: bool) -> None:
    assert kind.transient is transient


@pytest.mark.parametrize(
    ("status", "headers", "detail", "verdict"),
    [
        pytest.param(401, {}, "", True, id="401 always is"),
        pytest.param(403, {}, "", False, id="403 with no word"),
        pytest.param(403, {}, "VEN clients may not delete vens", False, id="a missing right"),
        pytest.param(403, {"WWW-Authenticate": "Bearer"}, "", True, id="403 that challenges"),
        pytest.param(403, {"www-authenticate": "Bearer"}, "", True, id="in any case"),
        pytest.param(403, {}, "Invalid token", True, id="invalid token"),
        pytest.param(403, {}, "Token expired at noon", True, id="expired token"),
        pytest.param(403, {}, "No authentication token given", True, id="none given"),
        pytest.param(400, {"WWW-Authenticate": "Bearer"}, "invalid token", False, id="400 is not"),
        pytest.param(404, {}, "invalid token", False, id="404 is not"),
        pytest.param(
            403,
            {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="write_vens"'},
            "",
            False,
            id="a scope that is missing",
        ),
    ],
)
def test_a_bad_token_is_told_from_a_missing_right(
    status: int, headers: dict[str, str], detail: str, verdict: bool
) -> None:
    assert is_authentication(status, CIMultiDict(headers), detail) is verdict


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 7 ", 7.0, id="spaces"),
        pytest.param("0", 0.0, id="nothing"),
        pytest.param("99999999", 99999999.0, id="three years"),
        pytest.param("9" * 400, 999999999.0, id="four hundred digits"),
        pytest.param(format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0, id="date"),
        pytest.param(format_datetime(NOW - timedelta(hours=1), usegmt=True), -3600.0, id="past"),
        pytest.param("Mon, 23 Nov 2026 12:01:00 -0000", 60.0, id="a date with no zone"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="float"),
        pytest.param("soon", None, id="garbage"),
        pytest.param("", None, id="empty"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None, id="a far year"),
        pytest.param("Wed, 21 Oct 2026 99999999999999999999:28:00 GMT", None, id="a far hour"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 +99999999999999", None, id="a far zone"),
        pytest.param("Mon, 01 Jan 0001 00:00:00 +1400", None, id="before all time"),
    ],
)
def test_retry_after_is_seconds_a_date_or_nothing(value: str, seconds: float | None) -> None:
    said = retry_after(CIMultiDict({"Retry-After": value}), NOW)

    if value.startswith("Mon, 01 Jan 0001"):
        assert said is None or said < 0
    else:
        assert said == seconds


def test_an_absent_retry_after_says_nothing() -> None:
    assert retry_after(CIMultiDict(), NOW) is None


@given(
    st.one_of(
        st.text(),
        st.from_regex(
            r"[A-Z][a-z]{2}, [0-9]{1,30} (Jan|Oct|Dec) [0-9]{1,30} [0-9:]{1,30} [A-Z0-9+-]{0,20}",
            fullmatch=True,
        ),
    )
)
def test_no_retry_after_breaks_anything(value: str) -> None:
    said = retry_after(CIMultiDict({"Retry-After": value}), NOW)

    assert said is None or 1.0 <= clamp_retry_after(said) <= 3600.0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"title":"Bad Request","detail":"venName is taken"}',
            "400 Bad Request: venName is taken",
        ),
        (b'{"error":"invalid_scope","error_description":"no"}', "400 invalid_scope: no"),
        (b'{"title":"400 Bad Request"}', "400 Bad Request"),
        (b'{"title":"Gone","detail":"Gone"}', "400 Gone"),
        (b'{"title":7,"detail":null}', "400 no reason given"),
        (b"{}", "400 no reason given"),
        (b"[]", "HTTP 400 (text/html)"),
        (b"<html>secret=hunter2</html>", "HTTP 400 (text/html)"),
        (b"", "HTTP 400 (text/html)"),
        (b"\xff\xfe", "HTTP 400 (text/html)"),
        (b"[" * 100_000, "HTTP 400 (text/html)"),
    ],
    ids=str,
)
def test_only_a_problem_is_quoted(body: bytes, words: str) -> None:
    assert words_of(400, {"Content-Type": "text/html"}, body) == words


@given(st.binary())
def test_any_body_gives_words(body: bytes) -> None:
    assert "418" in words_of(418, {}, body)
