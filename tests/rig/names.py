"""A DNS server for one process: what it asks of names is answered as a test says."""

import os
import random
import socket
import struct
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

_HEADER = struct.Struct(">HHHHHH")
_ANSWERED, _NO_SUCH_NAME = 0x8180, 0x8183
_A, _IN, _NAMED_ABOVE = 1, 1, 0xC00C


class NameServer:
    """Answers every name with the same: set `addresses`, or what else becomes of a question."""

    def __init__(self, folder: Path) -> None:
        self.addresses: Sequence[str] = ()
        """None of them: the name is there and has no address."""
        self.knows = True
        """Whether the name is there at all."""
        self.silent = False
        """Whether nothing is answered."""
        self.asked = 0
        self._folder = folder
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        """Listen at an address of the loopback that nobody else does, where we may."""
        if os.geteuid() != 0:
            pytest.skip("port 53, and files of a process's own under /etc, take root")
        address = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.53"
        self._socket.bind((address, 53))
        # Twice, as most have two: one that is silent holds a question up for twenty seconds.
        (self._folder / "resolv.conf").write_text(f"nameserver {address}\n" * 2)
        (self._folder / "nsswitch.conf").write_text("hosts: dns\n")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()

    @property
    def through(self) -> Sequence[str]:
        """What a program is started through, to ask nobody but this server."""
        own = 'for f in resolv.conf nsswitch.conf; do mount --bind "$0/$f" /etc/$f; done; exec "$@"'
        return ("unshare", "--mount", "sh", "-ec", own, str(self._folder))

    def _serve(self) -> None:
        """Serve until an empty question comes."""
        query, whose = self._socket.recvfrom(4096)
        while query:
            self.asked += 1
            if not self.silent:
                self._socket.sendto(self._answer(query), whose)
            query, whose = self._socket.recvfrom(4096)

    def _answer(self, query: bytes) -> bytes:
        """Repeat the question, and answer it."""
        number = _HEADER.unpack_from(query)[0]
        end = query.index(b"\0", _HEADER.size) + 5
        kind = struct.unpack_from(">H", query, end - 4)[0]
        found = self.addresses if self.knows and kind == _A else ()
        records = b"".join(
            struct.pack(">HHHIH", _NAMED_ABOVE, _A, _IN, 0, 4) + socket.inet_aton(each)
            for each in found
        )
        flags = _ANSWERED if self.knows else _NO_SUCH_NAME
        header = _HEADER.pack(number, flags, 1, len(found), 0, 0)
        return header + query[_HEADER.size : end] + records
