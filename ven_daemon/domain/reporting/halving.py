"""Halving what a VTN finds too large (T-29): which part of a report each half is, and its name.

A part is the way to it from the whole, one letter for each halving: `a` the first half and
`b` the second, both of them reports of their own; `k` the first half of what the VTN has
already, which keeps its name there. No letter at all is the whole.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple, TypeVar

from ven_daemon.domain.naming import NAME_BYTES
from ven_daemon.domain.reporting.reports import Report

FIRST, SECOND, KEPT = "a", "b", "k"


class Shrunk(NamedTuple):
    """A report at the VTN, made smaller."""

    part: str
    first: Report
    """What stays in it."""
    rests: tuple[tuple[str, Report], ...]
    """What becomes reports of their own, each with its part; in order, the last is largest."""


def halves(report: Report, part: str = "") -> tuple[Report, Report] | None:
    """Halve a report that is *part* of another: by resources, else by intervals.

    The halves are named after it, `-a` and `-b`. One interval of one resource cannot be
    halved.
    """
    if len(report.resources) > 1:
        left, right = _cut(report.resources)
    elif report.size > 1:
        [whole] = report.resources
        first, second = _cut(whole.intervals)
        left = (replace(whole, intervals=first),)
        right = (replace(whole, intervals=second),)
    else:
        return None
    # What was kept bears the name of more than is left in it.
    kept = part[len(part.rstrip(KEPT)) :]
    name = _named(report.name, kept)
    return (
        replace(report, name=_named(name, FIRST), resources=tuple(left)),
        replace(report, name=_named(name, SECOND), resources=tuple(right)),
    )


def shrunk(report: Report, part: str, times: int) -> Shrunk | None:
    """Halve what the VTN has *times* times, the first half each time; None if it is too small."""
    first, rests = report, []
    for _ in range(times):
        split = halves(first, part)
        if split is None:
            return None
        rests.append((part + SECOND, split[1]))
        first, part = replace(split[0], name=report.name), part + KEPT
    return Shrunk(part, first, tuple(reversed(rests)))


def stands_in_parts(report: Report, part: str, there: Container[str]) -> bool:
    """Whether any report that *report* may have been halved into is among *there*, by its name."""
    split = halves(report, part)
    return split is not None and any(
        half.name in there or stands_in_parts(half, "", there) for half in split
    )


def shrunk_before(report: Report, part: str, there: Container[str]) -> Shrunk | None:
    """Halve what the VTN has as often as somebody did whose rests are among *there*, if any is."""
    found, times = None, 1
    while smaller := shrunk(report, part, times):
        _, rest = smaller.rests[0]
        if rest.name in there or stands_in_parts(rest, "", there):
            found = smaller
        times += 1
    return found


def is_half(name: str) -> bool:
    """Whether a report of ours that is called so is a half of another."""
    return name.endswith((_mark(FIRST), _mark(SECOND)))


def name_of_part(whole: str, part: str) -> str:
    """Say what the report is called that says this part of *whole*."""
    return _named(whole, part.rstrip(KEPT))


def part_of(whole: Report, part: str) -> Report | None:
    """Take a part out of *whole*, as it is called.

    Where the whole has become so small that it cannot be halved that often, the first
    half is all of it, and there is no second.
    """
    report = whole
    for step in part:
        split = halves(report)
        if split is not None:
            report = split[step == SECOND]
        elif step == SECOND:
            return None
    return replace(report, name=name_of_part(whole.name, part))


def _named(name: str, part: str) -> str:
    for step in part:
        name = _marked(name, _mark(step))
    return name


def _mark(step: str) -> str:
    return "-b" if step == SECOND else "-a"


def _marked(name: str, mark: str) -> str:
    if len((name + mark).encode()) <= NAME_BYTES:
        return name + mark
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    head = name.encode("utf-8", "replace")[: NAME_BYTES - 13 - len(mark)]
    return head.decode("utf-8", "ignore") + "~" + digest + mark


_One = TypeVar("_One")


def _cut(many: Sequence[_One]) -> tuple[tuple[_One, ...], tuple[_One, ...]]:
    middle = (len(many) + 1) // 2
    return tuple(many[:middle]), tuple(many[middle:])
