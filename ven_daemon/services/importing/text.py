"""From bytes to text: UTF-8, what older programs write instead, and UTF-16 by its mark."""

import codecs
import io
import re
from typing import BinaryIO

from ven_daemon.domain.errors import ConfigurationError

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ESCAPED = re.compile("[\udc80-\udcff]")
_ENCODED_SURROGATE = re.compile("\udced[\udca0-\udcbf][\udc80-\udcbf]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
_CHUNK = 1 << 20


def decode(stream: BinaryIO, encoding: str | None) -> io.TextIOWrapper:
    """Read *stream* as text, with line ends as they are; *encoding* None: find out.

    A byte that is wrong in the encoding becomes a lone surrogate, for the row that
    holds it to be refused rather than the file.

    Raises:
        ConfigurationError: there is no such encoding.
    """
    stream.seek(0)
    try:
        name = codecs.lookup(encoding).name if encoding else _encoding_of(stream)
        if name == "utf-8":
            name = "utf-8-sig"  # the same, but for the mark that some programs begin with
        wide = name.startswith(("utf-16", "utf-32"))
        return io.TextIOWrapper(
            stream, name, errors="surrogatepass" if wide else "surrogateescape", newline=""
        )
    except LookupError as error:
        raise ConfigurationError(f"no text encoding is called {encoding!r}") from error


def _encoding_of(stream: BinaryIO) -> str:
    """Go by the mark of UTF-16, else by what most of the letters beyond ASCII are.

    One broken byte does not make a UTF-8 file a Latin-1 file: that would spoil every
    other letter of it.
    """
    if stream.read(2) in _UTF_16_MARKS:
        stream.seek(0)
        return "utf-16"
    stream.seek(0)
    letters, broken = _count(stream)
    stream.seek(0)
    return "utf-8" if letters >= broken else "cp1252"


def _count(stream: BinaryIO) -> tuple[int, int]:
    """Count the letters beyond ASCII that UTF-8 can read, and the bytes that it cannot.

    A surrogate that somebody encoded counts for UTF-8: Latin-1 writes no such thing.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    letters = broken = 0
    while chunk := stream.read(_CHUNK):
        text = decoder.decode(chunk)
        if not text.isascii():
            encoded = len(_ENCODED_SURROGATE.findall(text))
            letters += len(_BEYOND_ASCII.findall(text)) + 3 * encoded
            broken += len(_ESCAPED.findall(text))
    return letters, broken + len(decoder.decode(b"", final=True))
