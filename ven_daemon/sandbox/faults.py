"""Faults: a list of rules, each a flat object, set with `PUT /sandbox/faults`.

A rule says which requests it is for and what becomes of them:

- `method`, `path` (a regular expression searched for in the path), `client` (a client id),
  `over` (bytes that the body exceeds): which requests match; each may be left out;
- `skip` (the first n matches pass), `times` (at most n hits), `ratio` (0 to 1, drawn from a
  generator seeded with `seed`): which of the matching requests are hit;
- `kind` and its parameters: what happens to them, see `KINDS`.

The rules are tried in order. `delay`, `headers`, `page-loop`, `page-cap`, `blind-spot`,
`explicit-targets` and `all-targets` add up and let the search go on; the first rule of any
other kind that hits ends it.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ven_daemon.sandbox.messages import Call
from ven_daemon.sandbox.problems import bad_request

_Check = Callable[[object], str | None]
"""Says what a value should have been, or None where it is right."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_BREAKS = re.compile(r"[\r\n\0]")


def _number(least: float, most: float) -> _Check:
    wanted = f"a number from {least:g} to {most:g}"
    return lambda v: None if _within(v, least, most) else wanted


def _whole(least: int, most: int) -> _Check:
    wanted = f"a whole number from {least} to {most}"
    return lambda v: None if isinstance(v, int) and _within(v, least, most) else wanted


def _within(value: object, least: float, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return least <= value <= most


def _text(value: object) -> str | None:
    good = isinstance(value, str) and value and not _BREAKS.search(value)
    return None if good else "a text without line breaks"


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _headers(value: object) -> str | None:
    good = isinstance(value, dict) and all(
        _HEADER_NAME(k) and isinstance(v, str) and not _BREAKS.search(v) for k, v in value.items()
    )
    return None if good else "an object of header names and texts without line breaks"


def _pattern(value: object) -> str | None:
    try:
        re.compile(value if isinstance(value, str) else "(")
    except re.error:
        return "a regular expression"
    return None


def _anything(_: object) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of fault takes, and whether the search for rules goes on after it."""

    needs: Mapping[str, _Check]
    takes: Mapping[str, _Check]
    goes_on: bool = False


_SPEECH: Mapping[str, _Check] = {"headers": _headers, "body": _anything}
_ACCEPT: Mapping[str, _Check] = {"accept": _flag}
_STATUS: Mapping[str, _Check] = {"status": _whole(200, 599)}
_SIZE: Mapping[str, _Check] = {"bytes": _whole(1, 2**40)}

KINDS: Mapping[str, Kind] = {
    # Answered without asking the VTN; with "accept": true it is asked first, and its answer lost.
    "status": Kind(_STATUS, {**_SPEECH, **_ACCEPT}),
    "html": Kind({}, _ACCEPT),
    "empty": Kind({}, _ACCEPT),
    "redirect": Kind({"location": _text}, {**_STATUS, **_ACCEPT}),
    "huge": Kind({}, {**_SIZE, **_ACCEPT}),
    "bomb": Kind({}, {**_SIZE, **_ACCEPT}),
    "hang": Kind({}, _ACCEPT),
    "reset": Kind({}, _ACCEPT),
    # The same with the acceptance in the name.
    "accept-then-status": Kind(_STATUS, _SPEECH),
    "accept-then-reset": Kind({}, {}),
    # The VTN's own answer, badly delivered.
    "drip": Kind({"seconds": _number(0, 60)}, {}),
    "truncate": Kind({"at": _number(0, 1)}, {}),
    "wrong-shape": Kind({}, {}),
    # Something besides.
    "delay": Kind({"seconds": _number(0, 3600)}, {}, goes_on=True),
    "headers": Kind({"headers": _headers}, {}, goes_on=True),
    "page-loop": Kind({}, {}, goes_on=True),
    "page-cap": Kind({"size": _whole(1, 50)}, {}, goes_on=True),
    "blind-spot": Kind({"name": _text}, {}, goes_on=True),
    # Other readings of what the specification leaves open.
    "explicit-targets": Kind({}, {}, goes_on=True),
    "all-targets": Kind({}, {}, goes_on=True),
}

_MATCHING: Mapping[str, _Check] = {
    "method": _text,
    "path": _pattern,
    "client": _text,
    "over": _whole(0, 2**31),
    "skip": _whole(0, 2**31),
    "times": _whole(0, 2**31),
    "ratio": _number(0, 1),
    "seed": _whole(0, 2**63 - 1),
}


class Rule:
    """One rule at work: it counts what it has seen."""

    def __init__(self, text: Mapping[str, Any]) -> None:
        self.text = text
        kind: str = text["kind"]
        self.kind = kind.removeprefix("accept-then-")
        self.accepts: bool = text.get("accept", kind.startswith("accept-then-"))
        self.goes_on = KINDS[kind].goes_on
        self.matches = self.hits = 0
        self._path = re.compile(text.get("path", ""))
        self._dice = random.Random(text.get("seed", 0))  # noqa: S311 - repeatable on purpose

    def strikes(self, call: Call) -> bool:
        """Say whether a request is hit, and count it."""
        text, client = self.text, call.caller.client
        if (
            text.get("method", call.method).upper() != call.method
            or text.get("client", client) != client
            or len(call.body) <= text.get("over", -1)
            or not self._path.search(call.path)
        ):
            return False
        self.matches += 1
        if self.matches <= text.get("skip", 0) or self.hits >= text.get("times", 2**63):
            return False
        if "ratio" in text and self._dice.random() >= text["ratio"]:
            return False
        self.hits += 1
        return True


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def set(self, rules: object) -> None:
        """Replace the rules; none is in force if any of the new ones is wrong."""
        if not isinstance(rules, list):
            raise bad_request("faults: expected a list of rules")
        for n, rule in enumerate(rules):
            wrong = _complaint(rule)
            if wrong is not None:
                raise bad_request(f"faults[{n}]: {wrong}")
        self._rules = [Rule(rule) for rule in rules]

    def striking(self, call: Call) -> list[Rule]:
        """Return the rules that hit a request, in their order."""
        hit = []
        for rule in self._rules:
            if rule.strikes(call):
                hit.append(rule)
                if not rule.goes_on:
                    break
        return hit

    def shown(self) -> list[dict[str, Any]]:
        """Show the rules with how often each matched and hit."""
        return [{**r.text, "matches": r.matches, "hits": r.hits} for r in self._rules]


def _complaint(rule: object) -> str | None:
    """Say what is wrong with a rule."""
    if not isinstance(rule, dict):
        return "expected an object"
    kind = KINDS.get(str(rule.get("kind")))
    if kind is None:
        return f"kind: expected one of {', '.join(KINDS)}"
    known = {**_MATCHING, **kind.needs, **kind.takes}
    for member in kind.needs:
        if member not in rule:
            return f"{member} is missing"
    for member, value in rule.items():
        if member == "kind":
            continue
        if member not in known:
            return f"{member}: not known to kind {rule['kind']}"
        wanted = known[member](value)
        if wanted is not None:
            return f"{member}: expected {wanted}"
    return None
