"""What programs and events share: written by business logic, read as far as their targets allow."""

from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.privacy import UNTARGETED_ONLY, Grants, Sight, hidden
from ven_daemon.sandbox.profiles import Profile
from ven_daemon.sandbox.query import Query, read_page
from ven_daemon.sandbox.selection import Clause
from ven_daemon.sandbox.shape import Shape
from ven_daemon.sandbox.shaped import TargetedKind
from ven_daemon.sandbox.shelf import Row, Shelf


class BusinessKind(TargetedKind):
    """An object whose targets say which VENs may read it."""

    def __init__(
        self, objects: Objects, shelf: Shelf, profile: Profile, shape: Shape, grants: Grants
    ) -> None:
        super().__init__(objects, shelf, profile, shape)
        self._grants = grants

    def read(self, call: Call, object_id: str) -> Answer:
        """Show one object, with those of its targets that the caller was granted."""
        right = self._may_read(call.caller)
        row = self._reach(call, object_id, right)
        sight = self._sight(call, right)
        return Answer(200, row.wire if sight is None else hidden(row, sight.targeted))

    def _listing(
        self, call: Call, query: Query, *clauses: Clause | None, now: float | None = None
    ) -> Answer:
        """Answer a page, the most urgent and then the newest first."""
        page, asked = read_page(call, query), self._profile.target_filter(query)
        sight = self._sight(call, self._may_read(call.caller))
        if asked is not None and call.all_targets:
            clauses = (*clauses, *(frozenset((facet,)) for facet in asked))
        if sight is None:
            rows = self._select(*clauses, asked, now=now)
            return page.answer(rows, self._wire, backwards=True)
        shown = sight.targeted if asked is None else sight.targeted & asked
        rows = self._select(*clauses, _readable(call, sight, asked), now=now)
        return page.answer(rows, lambda row: hidden(row, shown), backwards=True)

    def _sight(self, call: Call, right: str) -> Sight | None:
        """Say what the caller was granted; None is everything."""
        owner = self._profile.owner(call.caller, right)
        return None if owner is None else self._grants.sight(owner)

    def _shows(self, row: Row, owner: str | None) -> bool:
        return owner is None or self._grants.sight(owner).shows(row)


def _readable(call: Call, sight: Sight, asked: Clause | None) -> Clause:
    """Say what a VEN may see: where it asks for targets, nothing that has none."""
    if asked is not None:
        return sight.targeted & asked
    return UNTARGETED_ONLY if call.explicit_targets else sight.readable
