"""Everything that can go wrong, as one tree.

    VenDaemonError
    ├── ConfigurationError            the operator must change a setting (exit 2)
    ├── StoreError                    a database cannot be used (exit 3)
    │   ├── InventoryError            … the inventory
    │   ├── SchemaError               … its schema is older or newer than this program
    │   ├── StateLostError            … it was there once and is gone or empty
    │   ├── StateInUseError           … another process works with it
    │   │   └── LeaseLostError        …… and took it over from us
    │   ├── StoreBusyError            … it is locked, and the same may go well later
    │   │   └── StoreFullError        …… its disk is full
    │   ├── StoreBehindError          … it does not keep up with what comes in
    │   ├── StoreInterruptedError     … its server went away: the whole transaction may be repeated
    │   ├── OutdatedError             … what was to be written stands on what has changed meanwhile
    │   └── StoreSuspectError         … nothing that it says of what was written can be trusted
    ├── SourceError                   what brings readings cannot go on
    └── VtnError                      talking to a VTN failed
        ├── VtnUnreachableError       nothing was sent: safe to repeat
        │   └── GaveUpError           … and our patience is used up
        │       └── StoppingError     … or we are stopping
        ├── VtnBusyError              408, 425, 429, 5xx: it asked us to come back
        ├── OutcomeUnknownError       sent, but no usable answer came back
        ├── UnauthorizedError         the credential is not accepted
        ├── ForbiddenError            the credential may not do this
        ├── NotFoundError             the object is gone
        ├── ConflictError             409: a name is taken, or a parent is gone
        ├── RejectedError             400, 415, 422: this object is wrong
        ├── TooLargeError             413, 414, 431, or an answer over our limit
        ├── UnsupportedError          405, 501: the VTN does not do this at all
        └── MisdirectedError          3xx: the URL is not that of a VTN

A `VtnError` carries the VTN's own words, cut short, and never a body, a token
or a secret. Exit codes are those of the command line.
"""

from datetime import timedelta
from typing import ClassVar

WORDS_LIMIT = 256
"""Characters of the VTN's own words that an error keeps."""

GATEWAY_GAVE_UP = frozenset((408, 502, 504, *range(520, 530)))
"""Statuses by which somebody before the VTN says that it stopped waiting for it."""


class VenDaemonError(Exception):
    """Base of every error that this program raises on purpose."""

    exit_code: ClassVar[int] = 1


class ConfigurationError(VenDaemonError):
    """A setting is missing, wrong, or contradicts another."""

    exit_code = 2


class StoreError(VenDaemonError):
    """A database cannot be opened, read or written."""

    exit_code = 3


class InventoryError(StoreError):
    """The inventory is missing, is no database, or lacks what we must know."""


class SchemaError(StoreError):
    """The state database has another schema than this program."""


class StateLostError(StoreError):
    """A state database that existed is missing or empty (its marker is still there)."""


class StateInUseError(StoreError):
    """Another process is working with the same state database."""


class LeaseLostError(StateInUseError):
    """Another process took the state over: nothing may be written or sent any more."""


class StoreBusyError(StoreError):
    """Somebody else writes for longer than we wait."""


class StoreFullError(StoreBusyError):
    """There is no room to write; what was committed is safe."""


class StoreBehindError(StoreError):
    """More comes in than can be committed: whoever brings it is to come back later."""


class StoreInterruptedError(StoreError):
    """The server went away, or undid the transaction for its own reasons."""


class OutdatedError(StoreError):
    """Nothing was written: what it stands on has changed meanwhile, and is to be read anew."""


class StoreSuspectError(StoreError):
    """A write or sync failed, or the file is corrupt: the process must start afresh."""


class SourceError(VenDaemonError):
    """What brings readings cannot go on: it is tried again later."""


class VtnError(VenDaemonError):
    """Talking to a VTN failed."""

    transient: ClassVar[bool] = False
    """Whether the same request may succeed later with nobody's help."""

    def __init__(
        self,
        words: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(words[:WORDS_LIMIT])
        self.status = status
        self.retry_after = retry_after

    @property
    def settled(self) -> bool:
        """Whether the VTN is done with the request, so that looking for its effect makes sense.

        An answer settles it, unless it is that of a gateway which stopped waiting.
        """
        return self.status is not None and self.status not in GATEWAY_GAVE_UP


class VtnUnreachableError(VtnError):
    """The request never left: no route, no name, no TLS, or the circuit is open."""

    transient = True
    exit_code = 4

    @property
    def settled(self) -> bool:
        """Nothing was sent, so there is nothing to wait for."""
        return True


class GaveUpError(VtnUnreachableError):
    """The server has not worked for longer than our patience: nothing is tried again now."""


class StoppingError(GaveUpError):
    """Nothing more is sent: the daemon is stopping."""


class VtnBusyError(VtnError):
    """The VTN, or a gateway before it, asked us to come back later."""

    transient = True


class OutcomeUnknownError(VtnError):
    """The request was sent; whether it was carried out is not known."""

    transient = True


class UnauthorizedError(VtnError):
    """The VTN or the token endpoint does not accept the credential."""


class ForbiddenError(VtnError):
    """The credential is known but may not do this."""


class NotFoundError(VtnError):
    """The VTN does not know the object, or does not show it to us."""


class ConflictError(VtnError):
    """A name or client is taken, or the object's parent is gone (409 says not which)."""


class RejectedError(VtnError):
    """The VTN will not take this object as it is."""


class TooLargeError(VtnError):
    """A request was too large for the VTN, or an answer too large for us."""

    head: bytes = b""
    """The beginning of an answer that was too large for us."""


class UnsupportedError(VtnError):
    """The VTN does not offer this operation."""


class MisdirectedError(VtnError):
    """The VTN sent us elsewhere, where we do not go."""
