"""What commands print arrives whole, whoever reads it and however slowly."""

import json
import os
import subprocess
import sys
import time

PRINTING = """
import signal
from ven_daemon.cli import terminal

signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
terminal.print_json({"numbers": list(range(200_000))})
signal.setitimer(signal.ITIMER_REAL, 0)
"""


def test_a_long_document_arrives_whole_though_writing_it_is_interrupted() -> None:
    """Unbuffered, as in the container image, a write that is interrupted writes a part."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", PRINTING]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, bufsize=0, stdout=pipe, env=environment) as printing:
        assert printing.stdout is not None
        first = printing.stdout.read(1)  # it has begun; now the pipe fills up
        time.sleep(0.2)
        rest, _ = printing.communicate(timeout=30)

    assert printing.returncode == 0
    assert json.loads(first + rest) == {"numbers": list(range(200_000))}
