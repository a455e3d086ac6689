"""The daemon with a loop that ends by itself: `python -m tests.daemon.losing run …`.

None of ours does; this is what becomes of the process if one did. VEN_LOSES_LOOP names it: it
ends once its first step is done. Everything else is the product as it is.
"""

import os

from ven_daemon.cli import main
from ven_daemon.runtime.loop import Loop

LOST = os.environ.pop("VEN_LOSES_LOOP")

_run = Loop.run


async def _run_once(self: Loop) -> None:
    if self.state.name != LOST:
        await _run(self)
    await self.once()


if __name__ == "__main__":
    Loop.run = _run_once  # type: ignore[method-assign]
    main()
