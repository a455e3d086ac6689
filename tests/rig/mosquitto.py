"""A real MQTT broker, from Debian's package, on a port of the loopback."""

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.processes import Program, free_port, port_is_taken

_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


class Mosquitto:
    """A broker that lets everybody in; it can be stopped and started again on its port."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("mosquitto", path=_PLACES)
        assert found is not None, "mosquitto is not installed: apt-get install mosquitto"
        self.port = free_port()
        self._folder = folder
        self._argv = (found, "-c", str(folder / "mosquitto.conf"))
        self._program: Program
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nuser root\nlog_dest stdout\n"
        )

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._program = Program(self._argv, self._folder / "mosquitto.log")
        self._program.wait_until(lambda: port_is_taken(self.port), "it listens", 10)

    def stop(self) -> None:
        """End it in order: what is retained is kept."""
        self._program.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
