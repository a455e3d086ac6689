"""Reports: what is sent is all that was meant, and what is listed is told apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.wire.reports import REPORT
from ven_daemon.domain.ids import ProgramId
from ven_daemon.domain.reporting.reports import ObservedReport
from ven_daemon.wire.profile import Profile, Unreadable, WireError
from ven_daemon.wire.v301 import Profile301
from ven_daemon.wire.v310 import Profile310

GOLDEN = Path(__file__).parent / "golden"
PROFILES: dict[str, Profile] = {"3.1": Profile310(), "3.0": Profile301()}

ONE_INTERVAL = (
    b'{"reportName":"r","clientName":"c","eventID":"e",'
    b'"resources":[{"resourceName":"x","intervals":[%s]}]}'
)


def golden(profile: str, name: str) -> bytes:
    return (GOLDEN / profile / f"{name}.json").read_bytes()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_report_is_told_by_its_name_its_event_and_whose_it_is(profile: str) -> None:
    found = PROFILES[profile].read_report(golden(profile, "report"))

    client = "client-1" if profile == "3.1" else None
    assert found == ObservedReport("rep-1", REPORT.name, "event-1", REPORT.client, client)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_report_that_cannot_be_read_hides_no_other(profile: str) -> None:
    page = PROFILES[profile].read_reports(golden(profile, "reports"))

    assert [report.id for report in page.items] == ["rep-1", "rep-2"]
    assert page.items[1].name is None
    assert page.size == 4
    assert page.unreadable == (
        Unreadable(None, "id: a string was expected"),
        Unreadable("rep-4", "eventID: a string was expected"),
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_what_was_written_can_be_halved_after_a_restart(profile: str) -> None:
    kept = PROFILES[profile].write_report(REPORT)

    read = PROFILES[profile].read_written(kept)

    # 3.1 does not say the program, and 3.1 does not need it to be written again.
    said = REPORT.program if profile == "3.0" else ProgramId("")
    assert read == replace(REPORT, program=said)
    assert PROFILES[profile].write_report(read) == kept


@pytest.mark.parametrize("profile", PROFILES)
def test_t32_every_interval_says_its_start_and_how_long_it_is(profile: str) -> None:
    written = PROFILES[profile].write_report(REPORT)

    assert written.count(b'"intervalPeriod":{"start":') == 2
    assert written.count(b'"duration":"PT1H"') == 1


@pytest.mark.parametrize(
    "wrong",
    [
        b"[]",
        b"{}",
        ONE_INTERVAL % b'{"id":0,"intervalPeriod":{"start":"never"},"payloads":[]}',
        ONE_INTERVAL % b'{"id":"0","intervalPeriod":{"start":"2026-01-01T00:00:00Z"}}',
    ],
)
def test_what_nobody_of_us_wrote_is_refused(wrong: bytes) -> None:
    with pytest.raises(WireError):
        PROFILES["3.1"].read_written(wrong)
