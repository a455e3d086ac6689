"""The figures of the daemon's core: its process, its state, and the way to its VTN."""

import os
import resource
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from ven_daemon import logs
from ven_daemon.app.connection import Connected
from ven_daemon.runtime.figures import Figure
from ven_daemon.runtime.health import Health
from ven_daemon.runtime.schedule import Cadences
from ven_daemon.store.database import Standing
from ven_daemon.store.lease import Lease
from ven_daemon.store.pauses import Pauses

_PAGE = os.sysconf("SC_PAGE_SIZE")


def core_figures(
    health: Health, cadences: Cadences, pauses: Pauses, lease: Lease | None
) -> Iterable[Figure]:
    """Give those of the process and of its state."""
    yield Figure("build_info", "Which version.", {(version("ven-daemon"),): 1}, ("version",))
    yield Figure.gauge("resident_memory_bytes", "Memory in use.", resident_bytes())
    yield Figure.counter("cpu_seconds_total", "Processor time spent.", time.process_time())
    yield Figure.gauge("open_files", "File descriptors in use.", _open_files())
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield Figure.gauge("open_files_limit", "File descriptors allowed.", limit)
    yield Figure.counter("clock_jumps_total", "Times the wall clock was set.", cadences.jumps)
    yield Figure.counter("log_lines_dropped_total", "Lines nobody read in time.", logs.dropped())
    words = "Worst stall of the event loop within the last minute."
    yield Figure.gauge("event_loop_recent_stall_seconds", words, health.recent_stall)
    yield Figure.gauge("paused_vens", "VENs that an operator has paused.", len(pauses))
    concerns: dict[tuple[str, ...], float] = {(name,): 1.0 for name in health.concerns}
    yield Figure("concern", "What keeps us from being ready.", concerns, ("concern",))
    if lease is not None and lease.epoch is not None:
        yield Figure.gauge("lease_epoch", "Holders of the state so far.", lease.epoch)
        yield Figure.gauge("lease_sure", "Whether nobody else can hold it.", float(lease.is_sure))


def store_figures(standing: Standing) -> Iterable[Figure]:
    """Give those of our own database."""
    yield Figure.counter("store_commits_total", "Transactions committed.", standing.commits)
    words = "Time that commits took."
    yield Figure.counter("store_commit_seconds_total", words, standing.commit_seconds)
    yield Figure.counter("store_full_total", "Times there was no room.", standing.full)
    trouble = float(standing.trouble is not None)
    yield Figure.gauge("store_trouble", "Whether it cannot be written.", trouble)


def vtn_figures(connected: Connected) -> Iterable[Figure]:
    """Give those of the way to the VTN."""
    transport, tokens = connected.transport, connected.tokens
    budget = transport.budget
    yield Figure.counter("vtn_retries_total", "Requests sent again.", budget.retries)
    words = "Requests not sent again, because a tenth of all had been."
    yield Figure.counter("vtn_retries_refused_total", words, budget.refused)
    if transport.clock_skew is not None:
        words = "How far the VTN's clock is ahead of ours."
        yield Figure.gauge("vtn_clock_skew_seconds", words, transport.clock_skew)
    if tokens is not None:
        yield Figure.counter("token_fetches_total", "Tokens asked for.", tokens.fetches)
        yield Figure.counter("token_failures_total", "… in vain.", tokens.failures)
        yield Figure.gauge(
            "token_oldest_age_seconds", "Age of the oldest token.", tokens.oldest_age
        )
        spared = float(tokens.is_spared)
        yield Figure.gauge("token_circuit_open", "Whether the endpoint is spared.", spared)


def resident_bytes() -> int:
    """Say how much memory the process has in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names only, and quick
