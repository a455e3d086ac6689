"""What `doctor` concludes from what it saw: findings as values, each with what to do."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ven_daemon.domain.fleet import Fleet

MIB = 1024 * 1024
LITTLE_SPACE, NO_SPACE = 1024 * MIB, 64 * MIB
"""Free bytes beside the state below which the disk is a warning, and a problem."""

CLOCK_IS_OFF, CLOCK_IS_WRONG = timedelta(seconds=2), timedelta(seconds=60)
EXPIRES_SOON = timedelta(days=14)
SHOWN = 3
"""How many of many things are named."""

_WRITES_OWN_VEN = frozenset(("write_vens", "write_vens_ven"))
_WRITES_ANY_VEN = "write_vens_bl"


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, or may; somebody should look."""
    PROBLEM = "problem"
    """It will not work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One conclusion in plain words."""

    check: str
    level: Level
    words: str
    advice: str | None = None
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the VTN shows of one VEN, beside what the inventory and our records say."""

    ven: str
    wanted: frozenset[str]
    """Names of the resources that the inventory asks for."""
    on_record: bool
    """Whether our state says that it is registered."""
    listed: bool = False
    targeted: bool = False
    resources: frozenset[str] = frozenset()
    untargeted: int = 0
    """Resources that bear no target."""


def ok(check: str, words: str) -> Finding:
    """Find nothing wrong."""
    return Finding(check, Level.OK, words)


def warning(check: str, words: str, advice: str | None = None) -> Finding:
    """Find something to look at."""
    return Finding(check, Level.WARNING, words, advice)


def problem(check: str, words: str, advice: str | None = None) -> Finding:
    """Find something that must be mended."""
    return Finding(check, Level.PROBLEM, words, advice)


def skipped(check: str, why: str) -> Finding:
    """Find nothing, because something before it went wrong."""
    return warning(check, f"not looked at: {why}")


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether no finding is a problem; warnings are none."""
    return all(finding.level is not Level.PROBLEM for finding in findings)


def inventory(name: str, fleet: Fleet) -> Finding:
    """Judge what the inventory holds."""
    enabled = sum(len(ven.enabled) for ven in fleet.vens)
    if not enabled:
        advice = "fill it: ven-daemon import FILE.csv, or ven-daemon samples"
        return problem("inventory", f"{name} holds no enabled resource of any VEN", advice)
    words = f"{name}: {len(fleet.vens)} VENs, {enabled} enabled resources"
    troubles = [*fleet.problems(), *_empty(fleet)]
    if troubles:
        said = f"{words}; {len(troubles)} to mend: {_some(troubles)}"
        return warning("inventory", said, "mend these rows; ven-daemon stats names them all")
    return ok("inventory", words)


def disk(folder: str, free: int) -> Finding:
    """Judge the room that the state has to grow."""
    words = f"{free // MIB} MiB free in {folder}"
    advice = "make room: a full disk stops everything that must be written down"
    if free < NO_SPACE:
        return problem("disk", words, advice)
    return warning("disk", words, advice) if free < LITTLE_SPACE else ok("disk", words)


def clock(ours: datetime, theirs: datetime, round_trip: timedelta) -> Finding:
    """Compare clocks: *theirs* is a Date header, so it is right to a second at the best.

    *ours* is the middle of the round trip, which may have been spent on either way.
    """
    offset = ours - theirs - timedelta(seconds=0.5)
    sure = max(timedelta(0), abs(offset) - round_trip / 2)
    if sure <= CLOCK_IS_OFF:
        return ok("clock", "agrees with the VTN's to 2 s")
    side = "ahead of" if offset > timedelta(0) else "behind"
    words = f"this machine's clock is {abs(offset).total_seconds():.0f} s {side} the VTN's"
    advice = "synchronise it (timedatectl set-ntp true), or ask the VTN's operator about theirs"
    return (problem if sure > CLOCK_IS_WRONG else warning)("clock", words, advice)


def certificate(expires: datetime, now: datetime, *, trusted: bool) -> Finding:
    """Judge the VTN's certificate by its last day."""
    left = expires - now
    words = f"the VTN's certificate is valid until {expires:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta(0):
        words = f"the VTN's certificate expired on {expires:%Y-%m-%d %H:%M} UTC"
        return problem("tls", words, "ask the VTN's operator for a new one")
    if left < EXPIRES_SOON:
        return warning("tls", f"{words} ({left.days} days)", "ask the VTN's operator to renew it")
    if not trusted:
        advice = "set VEN_TLS_CA_FILE instead of VEN_TLS_VERIFY=false"
        return warning("tls", f"{words}, but is not checked", advice)
    return ok("tls", f"{words} and trusted")


def token(client: str, seconds: float, scopes: Collection[str]) -> Finding:
    """Describe a token that was obtained; never the token."""
    said = f"scopes {' '.join(sorted(scopes))}" if scopes else "its scopes cannot be read"
    words = f"obtained for {client!r}, lives {seconds:.0f} s, {said}"
    if seconds < 60:
        return warning("token", words, "ask for tokens that live for minutes: it is asked often")
    return ok("token", words)


def version(found: str, wanted: str) -> Finding:
    """Compare the dialect that the VTN speaks with the one that is set."""
    words = f"the VTN speaks OpenADR {found}"
    if wanted in ("auto", found):
        return ok("version", words)
    advice = f"set VEN_PROFILE to {found} or auto"
    return problem("version", f"{words}, but VEN_PROFILE says {wanted}", advice)


def credentials(mode: str, scopes: Collection[str], vens: int) -> Finding:
    """Say which credential mode a token's scopes fit, and whether it is the one that is set."""
    if _WRITES_ANY_VEN in scopes:
        if mode in ("shared", "registrar"):
            return ok("credentials", f"{_WRITES_ANY_VEN}: mode {mode} fits")
        words = f"{_WRITES_ANY_VEN} is a right over all VENs, but the mode is {mode}"
        return warning("credentials", words, "set VEN_CREDENTIAL_MODE to shared or registrar")
    if own := sorted(_WRITES_OWN_VEN.intersection(scopes)):
        return _of_one_ven(own[0], mode, vens)
    advice = f"ask the VTN's operator for {_WRITES_ANY_VEN} (one client), or write_vens (each VEN)"
    if any(scope.startswith(("read_", "write_")) for scope in scopes):
        return problem("credentials", "none of the token's scopes lets it register a VEN", advice)
    return ok(
        "credentials", f"the token names no scope of OpenADR 3.1; mode {mode} is tried as set"
    )


def _of_one_ven(scope: str, mode: str, vens: int) -> Finding:
    if mode == "per-ven":
        return ok("credentials", f"{scope}: mode {mode} fits")
    advice = (
        "set VEN_CREDENTIAL_MODE=per-ven and give each VEN its client: "
        "ven-daemon credentials import FILE.csv"
    )
    if mode == "registrar":
        words = f"a registrar needs {_WRITES_ANY_VEN}; this token has only {scope}"
        return problem("credentials", words, f"ask for {_WRITES_ANY_VEN}, or {advice}")
    if vens > 1:
        words = f"{scope} is a right over one VEN, and the inventory has {vens}"
        return warning("credentials", words, advice)
    return ok("credentials", f"{scope}: mode {mode} fits an inventory of one VEN")


def no_credentials(*, refused: bool) -> Finding:
    """Say whether a VTN that was asked without a token gave an answer."""
    if not refused:
        return ok("credentials", "the VTN asks for no token; mode none fits")
    words = "the VTN asks for a token and no client is configured"
    return problem("credentials", words, "set VEN_CLIENT_ID and VEN_CLIENT_SECRET")


def without_credential(missing: Sequence[str], vens: int) -> Finding:
    """Name VENs that cannot be registered, because each must have a credential of its own."""
    words = f"{len(missing)} of {vens} VENs have no credential: {_some(missing)}"
    return problem("credentials", words, "import them: ven-daemon credentials import FILE.csv")


def visibility(sight: Sight) -> Finding:
    """Judge what the VTN shows of one VEN, the largest."""
    register = "run ven-daemon register; it makes what is missing"
    name = repr(sight.ven)
    if not sight.listed and sight.on_record:
        words = f"{name} is on record as registered, but the VTN does not list it"
        advice = f"{register}. If it stays so, the credential may not read it: see its scopes"
        return problem("visibility", words, advice)
    if not sight.listed:
        return warning("visibility", f"{name} is not registered yet", register)
    shown = len(sight.wanted & sight.resources)
    words = f"{name} is listed with {shown} of its {len(sight.wanted)} resources"
    if shown < len(sight.wanted):
        return warning("visibility", words, register)
    bare = [] if sight.targeted else ["the VEN bears no target"]
    if sight.untargeted:
        bare.append(f"{sight.untargeted} resources bear no target")
    if bare:
        advice = (
            "events with targets will not reach them: targets are given at creation "
            "(VEN_VEN_TARGETS, VEN_RESOURCE_TARGETS) and set by the VTN's operator afterwards"
        )
        return warning("visibility", f"{words}; {' and '.join(bare)}", advice)
    return ok("visibility", f"{words}, and with targets")


def _empty(fleet: Fleet) -> list[str]:
    return [f"VEN {ven.name}: has no enabled resource" for ven in fleet.vens if not ven.enabled]


def _some(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return "; ".join(lines[:SHOWN]) + more
