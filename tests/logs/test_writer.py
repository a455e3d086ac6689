"""The thread between those who log and whoever reads."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ven_daemon.logs.writer import Writer


class Pipe:
    """A pipe, so small that it is soon full."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)

    def read(self) -> bytes:
        read = b""
        while True:
            try:
                chunk = os.read(self.reading, 65536)
            except BlockingIOError:
                return read
            if not chunk:
                return read
            read += chunk

    def read_until(self, writer: Writer) -> list[str]:
        read = self.read()
        while not writer.flush(0.02):
            read += self.read()
        return (read + self.read()).decode().splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reading)


def said(lines: int) -> str:
    return json.dumps({"event": "logs.dropped", "lines": lines})


def test_lines_arrive_in_order(pipe: Pipe) -> None:
    writer = Writer(pipe.writing, said)
    for number in range(100):
        writer.write(f"line {number}")

    assert pipe.read_until(writer) == [f"line {number}" for number in range(100)]
    assert writer.dropped == 0


def test_a_reader_that_stalls_holds_nobody_up_and_what_is_dropped_is_said(pipe: Pipe) -> None:
    writer = Writer(pipe.writing, said, lines=50)
    began = time.monotonic()
    for number in range(5000):
        writer.write(f"{number:099}")

    assert time.monotonic() - began < 1
    assert writer.dropped > 0
    lines = pipe.read_until(writer)
    told = [json.loads(line)["lines"] for line in lines if line.startswith("{")]
    assert sum(told) == writer.dropped
    assert len(lines) - len(told) + writer.dropped == 5000


def test_a_reader_that_never_reads_costs_the_end_no_more_than_agreed(pipe: Pipe) -> None:
    writer = Writer(pipe.writing, said, lines=2000)
    for number in range(2000):
        writer.write(f"{number:099}")
    began = time.monotonic()

    assert writer.flush(0.2) is False
    assert 0.1 < time.monotonic() - began < 1
    pipe.read_until(writer)


def test_a_descriptor_that_does_not_block_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.writing, False)
    writer = Writer(pipe.writing, said)
    for number in range(1500):
        writer.write(f"{number:099}")

    assert len(pipe.read_until(writer)) == 1500


def test_a_disk_that_is_full_is_counted_and_survived() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    descriptor = os.open("/dev/full", os.O_WRONLY)
    writer = Writer(descriptor, said)
    writer.write("one")
    deadline = time.monotonic() + 5
    while not writer.dropped and time.monotonic() < deadline:
        time.sleep(0.01)
    writer.write("two")
    assert writer.flush(0.05) is False

    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)  # there is room again

    assert writer.flush(5)
    assert writer.dropped == 1
