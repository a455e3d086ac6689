"""`ven-daemon doctor`: what is not as it must be, and what to do about it."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ven_daemon import logs
from ven_daemon.app.doctor import examine
from ven_daemon.cli import terminal
from ven_daemon.config import load_settings
from ven_daemon.domain.diagnosis import Finding, Level, is_well

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


def doctor(
    as_document: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Examine inventory, state, disk, clock, network, token, VTN; exit 1 on a problem.

    Nothing is written, neither here nor at the VTN.

    Example: ven-daemon doctor
    """
    settings = terminal.settings(load_settings)
    # A finding says what a warning would; beside the findings it would only be noise.
    logs.configure("ERROR", settings.log_format)
    findings = terminal.run(lambda: examine(settings))
    if as_document:
        terminal.print_json(_document(findings))
    else:
        for finding in findings:
            _print(finding)
    raise typer.Exit(0 if is_well(findings) else 1)


def _document(findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "ok": is_well(findings),
        "findings": [
            {
                "check": finding.check,
                "level": finding.level.value,
                "words": finding.words,
                "advice": finding.advice,
            }
            for finding in findings
        ],
    }


def _print(finding: Finding) -> None:
    level = finding.level
    terminal.output().print(f"{level.value:<8}", style=_STYLES[level], end="", markup=False)
    words = terminal.plain(f"{finding.check}: {finding.words}")
    terminal.output().print(words, markup=False, emoji=False)
    if finding.advice:
        terminal.output().print(f"{'':8}-> {finding.advice}", markup=False, emoji=False)
