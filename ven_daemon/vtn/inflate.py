"""Unpacking gzip without ever holding more than was agreed: a bomb ends where the limit is."""

import zlib

_GZIP = 31
"""The window size that tells zlib to expect a gzip header."""


class Inflate:
    """One body of one or more gzip members, fed in pieces."""

    def __init__(self, limit: int) -> None:
        self._room = limit + 1
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing more has to come."""
        return self._member.eof or not self._begun

    def feed(self, packed: bytes) -> bytes:
        """Unpack a piece, up to one byte over the limit in all.

        Raises:
            zlib.error: this is not gzip, or what follows a member is not.
        """
        unpacked = bytearray()
        while packed and self._room > 0:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            self._begun = True
            part = self._member.decompress(packed, self._room)
            unpacked += part
            self._room -= len(part)
            packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return bytes(unpacked)
