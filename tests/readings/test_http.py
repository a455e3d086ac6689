"""POST /api/v1/readings at a real daemon: its shapes, its answers, its limits."""

import gzip
import json
import socket
import sqlite3
import time
import zlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.daemon.service import Service
from tests.readings.conftest import BAR, ELSEWHERE, PATH, TOKEN, item

OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


def post(service: Service, body: object, **headers: str) -> tuple[int, Any]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, document, _ = service.post(PATH, sent, **{**OPERATOR, **headers})
    return status, document


def stored(service: Service) -> int:
    with closing(sqlite3.connect(service.folder / "state.db")) as connection:
        count: int = connection.execute("SELECT count(*) FROM readings").fetchone()[0]
        return count


def test_one_object_an_array_or_an_object_per_line_are_taken(service: Service) -> None:
    before = stored(service)

    one = post(service, item(minutes=1))
    many = post(service, [item(minutes=2), item(minutes=3)])
    lines = post(service, b"\n".join(json.dumps(item(minutes=n)).encode() for n in (4, 5, 6)))
    spaced = post(service, json.dumps([item(minutes=7)], indent=2).encode())

    assert one == (202, {"accepted": 1, "rejected": []})
    assert many == (202, {"accepted": 2, "rejected": []})
    assert lines == (202, {"accepted": 3, "rejected": []})
    assert spaced == (202, {"accepted": 1, "rejected": []})
    assert stored(service) - before == 7


def test_the_bad_are_named_by_index_and_the_good_are_taken(service: Service) -> None:
    status, said = post(
        service,
        [
            item(minutes=10),
            item(resource="nobody"),
            item(minutes=11, value="5"),
            item(minutes=-30),
            item(minutes=12),
            "what",
        ],
    )

    assert status == 202
    assert said["accepted"] == 2
    assert said["rejected"] == [
        {"index": 1, "reason": "resource_id: not in the inventory"},
        {"index": 2, "reason": "value: must be a number"},
        {"index": 3, "reason": "at: too far ahead of now"},
        {"index": 5, "reason": "not an object"},
    ]


def test_where_none_is_acceptable_the_answer_is_422(service: Service) -> None:
    status, said = post(service, [item(resource="nobody"), item(value=True)])

    assert status == 422
    assert (said["accepted"], [each["index"] for each in said["rejected"]]) == (0, [0, 1])


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"power", b"[", b"\xff\xfe", b'{"a":', b"[" * 100_000, b"[] trailing"],
    ids=["empty", "blank", "words", "cut", "no utf-8", "half", "deep", "trailing"],
)
def test_what_cannot_be_read_is_400_f44(service: Service, body: bytes) -> None:
    assert post(service, body)[0] == 400


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("NaN", "value: must be finite"),
        ("Infinity", "value: must be finite"),
        ("-Infinity", "value: must be finite"),
        ("1e999", "value: must be finite"),
        ("9" * 5000, "value: must be finite"),
        ("99999999999999999999", "value: not within"),
        ("true", "value: must be a number"),
        ('"7"', "value: must be a number"),
        ("null", "value: must be a number"),
        ("[1]", "value: must be a number"),
        ('{"a": 1}', "value: must be a number"),
    ],
)
def test_a_value_that_is_none_costs_its_own_item_f41(
    service: Service, written: str, reason: str
) -> None:
    good, bad = json.dumps(item(minutes=20)), json.dumps(item(value="VALUE"))

    status, said = post(service, f"[{good}, {bad}]".replace('"VALUE"', written).encode())

    assert (status, said["accepted"]) == (202, 1)
    assert said["rejected"][0]["index"] == 1
    assert said["rejected"][0]["reason"].startswith(reason)


def test_minus_zero_is_zero_f41(service: Service) -> None:
    assert post(service, item(minutes=25, value=-0.0))[0] == 202

    with closing(sqlite3.connect(service.folder / "state.db")) as connection:
        query = "SELECT value FROM readings ORDER BY at LIMIT 1"
        assert str(connection.execute(query).fetchone()[0]) == "0.0"


def test_every_member_is_said_once_f44(service: Service) -> None:
    twice = json.dumps(item(minutes=30))[:-1] + ', "resource_id": "Aalborg/bar 1"}'
    escaped = json.dumps(item(minutes=31))[:-1] + r', "resource_id" : "Aalborg/bar 1"}'

    for body in (f"[{json.dumps(item(minutes=32))}, {twice}, {escaped}]", f"{twice}\n{escaped}"):
        _, said = post(service, body.encode())
        reasons = {each["reason"] for each in said["rejected"]}
        assert reasons == {"'resource_id' is given twice"}
        assert len(said["rejected"]) == 2


def test_a_line_that_is_no_json_costs_itself(service: Service) -> None:
    lines = [json.dumps(item(minutes=40)), "{", json.dumps(item(minutes=41)), ""]

    assert post(service, "\r\n".join(lines).encode()) == (
        202,
        {"accepted": 2, "rejected": [{"index": 1, "reason": "not JSON"}]},
    )


@pytest.mark.parametrize(
    "word",
    ["", "x" * 129, "a\x00b", "a\nb", "\x1b[2J", "a\u202eb", "a\u200bb", "\ud800"],
    ids=ascii,
)
def test_a_word_that_cannot_be_kept_or_shown_is_refused_f42(service: Service, word: str) -> None:
    bad = item(quantity="state", value=word)

    status, said = post(service, [bad, item(minutes=50)])

    assert (status, said["accepted"]) == (202, 1)
    assert said["rejected"][0]["reason"].startswith("value: ")


@pytest.mark.parametrize(
    "word",
    [
        *("NORMAL", "x" * 128, "blåbærgrød", "💡", "é", "é", "'; DROP TABLE readings; --"),
        *("%s{0}", "${jndi:ldap://x}", "NULL", '{"a":1}', '":', "\\"),
    ],
    ids=ascii,
)
def test_a_legal_word_is_kept_to_the_byte_f42_f43(service: Service, word: str) -> None:
    assert post(service, item(minutes=51, quantity="state", value=word))[0] == 202

    with closing(sqlite3.connect(service.folder / "state.db")) as connection:
        query = "SELECT word FROM readings WHERE word IS NOT NULL ORDER BY at DESC LIMIT 1"
        assert connection.execute(query).fetchone()[0] == word


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("1970-01-01T00:00:00Z", "at: older than what is kept"),
        (0, "at: older than what is kept"),
        ((datetime.now(UTC) + timedelta(hours=1)).isoformat(), "at: too far ahead of now"),
        ((datetime.now(UTC) + timedelta(days=3650)).isoformat(), "at: too far ahead of now"),
        ((datetime.now(UTC) - timedelta(days=31)).isoformat(), "at: older than what is kept"),
        (int(time.time() * 1000), "at: must be in seconds (these look like milliseconds)"),
        ("2026-10-01T12:00:00", "at: has no zone"),
        ("noon", "at: is no instant"),
        (None, "at: must be RFC 3339 or seconds since 1970"),
        (True, "at: must be RFC 3339 or seconds since 1970"),
    ],
    ids=str,
)
def test_a_time_that_cannot_be_meant_is_refused_f47(
    service: Service, at: object, reason: str
) -> None:
    bad = {**item(), "at": at}

    assert post(service, [bad, item(minutes=60)]) == (
        202,
        {"accepted": 1, "rejected": [{"index": 0, "reason": reason}]},
    )


def test_a_reading_that_is_sent_again_is_taken_and_kept_once_f46(service: Service) -> None:
    reading = item(minutes=70)
    before = stored(service)

    answers = {json.dumps(post(service, [reading, reading])) for _ in range(20)}

    assert answers == {json.dumps([202, {"accepted": 2, "rejected": []}])}
    assert stored(service) == before + 1


def test_a_gzip_body_is_taken_and_no_other_packing(service: Service) -> None:
    body = json.dumps([item(minutes=80, value=n) for n in range(100)]).encode()

    assert post(service, gzip.compress(body), Content_Encoding="gzip")[0] == 202
    assert post(service, zlib.compress(body), Content_Encoding="deflate")[0] == 400


def test_a_bomb_is_413_and_what_is_no_gzip_400_f48(service: Service) -> None:
    bomb = gzip.compress(b" " * 200_000_000)

    assert post(service, bomb, Content_Encoding="gzip")[0] == 413
    assert post(service, b"no gzip at all", Content_Encoding="gzip")[0] == 400
    assert post(service, gzip.compress(b"[]" * 100)[:-20], Content_Encoding="gzip")[0] == 400
    assert "Traceback" not in service.log()


def test_too_many_bytes_or_readings_are_413_f48(service: Service) -> None:
    assert post(service, b"[" + b" " * 2_100_000 + b"]")[0] == 413
    status, said = post(service, [item(minutes=90)] * 501)
    assert (status, said["detail"]) == (413, "500 readings at the most")
    assert post(service, [item(minutes=90)] * 500)[0] == 202


def test_readings_want_a_token_f50(service: Service) -> None:
    body = json.dumps(item()).encode()

    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        status, said, _ = service.post(PATH, body, **headers)
        assert status == 401
        assert said == {"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}
    assert service.post(f"{PATH}?token={TOKEN}", body)[0] == 401


def test_figures_say_what_became_of_readings(service: Service) -> None:
    post(service, [item(minutes=100), item(value=None)])
    post(service, b"what")
    post(service, [item(minutes=90)] * 501)

    _, text = service.get_text("/metrics")
    figures = dict(
        line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("ven_daemon_readings")
    )

    assert float(figures['ven_daemon_readings_total{fate="accepted"}']) == stored(service)
    refused = 'ven_daemon_readings_rejected_total{field="value",source="http"}'
    assert float(figures[refused]) >= 1
    assert float(figures["ven_daemon_readings_queued"]) == 0
    for why in ("large", "unreadable"):
        assert float(figures[f'ven_daemon_readings_bodies_refused_total{{why="{why}"}}']) >= 1


def test_five_hundred_dripping_bodies_keep_nobody_waiting_f48(service: Service) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    drips = []
    try:
        for _ in range(500):
            drip = socket.create_connection(("127.0.0.1", service.port), timeout=5)
            drip.sendall(f"{head}Content-Length: 1000\r\n\r\n[".encode())
            drips.append(drip)
        slowest = 0.0
        for _ in range(10):
            began = time.monotonic()
            assert service.get("/livez")[0] == 200
            assert post(service, item(minutes=110))[0] == 202
            slowest = max(slowest, time.monotonic() - began)
    finally:
        for drip in drips:
            drip.close()

    assert slowest < 2.0  # far below the 15 s that a body may take; measured in `make bench`


def test_another_vens_reading_is_the_operators_to_bring(service: Service) -> None:
    assert post(service, [item(minutes=120), item(ELSEWHERE, minutes=120)])[1]["accepted"] == 2
    assert BAR != ELSEWHERE
