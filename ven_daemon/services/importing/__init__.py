"""Anybody's CSV files become the inventory.

`text` finds the encoding, `table` the delimiter, the header and the records with
their line numbers, `rows` makes a resource of a record or says what is wrong with
it, `files` goes through the files and hands the resources to the store. All but
`files` are pure.
"""

from ven_daemon.services.importing.files import Importing, Request
from ven_daemon.services.importing.table import FIELDS, Layout, Skipped

__all__ = ["FIELDS", "Importing", "Layout", "Request", "Skipped"]
