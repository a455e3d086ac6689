"""Our command as it is, but that it dies where it is told to: `python -m tests.crash.dying run`.

DIE_AT names one of `tests.crash.points`, DIE_HIT which time it is reached that counts.
"""

import os

from tests.crash.points import arm
from ven_daemon.cli import main

if __name__ == "__main__":
    arm(os.environ["DIE_AT"], int(os.environ.get("DIE_HIT", "1")))
    main()
