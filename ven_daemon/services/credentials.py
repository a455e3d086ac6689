"""Reading a file of credentials: every problem at once, none of them with a secret."""

import csv
import io
from pathlib import Path

from pydantic import SecretStr

from ven_daemon.domain.errors import ConfigurationError
from ven_daemon.domain.ids import VenName
from ven_daemon.store.credentials import ClientSecret

COLUMNS = ("ven", "client_id", "client_secret")


def read_file(path: Path) -> dict[VenName, ClientSecret]:
    """Read `ven,client_id,client_secret` rows.

    Raises:
        ConfigurationError: the file cannot be read, or rows are wrong; each is named by line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({type(error).__name__})") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    lacking = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if lacking:
        raise ConfigurationError(f"{path}: no column {', '.join(lacking)}")
    return _read(path, rows)


def _read(path: Path, rows: "csv.DictReader[str]") -> dict[VenName, ClientSecret]:
    found: dict[VenName, ClientSecret] = {}
    lines: dict[str, int] = {}
    problems = []
    for row in rows:
        ven, client_id, secret = ((row[name] or "").strip() for name in COLUMNS)
        place = f"{path}:{rows.line_num}"
        if not (ven and client_id and secret):
            problems.append(f"{place}: ven, client_id and client_secret must all be given")
        elif ven in found:
            problems.append(f"{place}: VEN {ven!r} has a credential already")
        elif client_id in lines:
            problems.append(f"{place}: client {client_id!r} is that of line {lines[client_id]} too")
        else:
            found[VenName(ven)] = ClientSecret(client_id, SecretStr(secret))
            lines[client_id] = rows.line_num
    if problems:
        raise ConfigurationError("\n".join(problems))
    return found
