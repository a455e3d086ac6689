#!/usr/bin/python3 -IS
"""Ask this container's own HTTP surface: `probe [PATH [PORT]]`, exit 0 where it answers 200.

Only the standard library, so that a check costs little: it runs every few seconds for years.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

WITHIN_SECONDS = 4


def main() -> int:
    """Print what was answered, for `docker inspect` to show."""
    path = sys.argv[1] if len(sys.argv) > 1 else "/livez"
    port = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("VEN_HTTP_PORT", "8081")
    connection = HTTPConnection("127.0.0.1", int(port), timeout=WITHIN_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        sys.stdout.write(answer.read(2_000).decode(errors="replace"))
    except (OSError, HTTPException) as error:
        sys.stdout.write(f"127.0.0.1:{port}{path}: {error}\n")
        return 1
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
