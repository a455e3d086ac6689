"""Which resources an event means: its targets and its program's, by an inverted index.

3.1 (protocol.md 4.6): no targets mean every resource; a target that a VEN bears, or its
name, or its id, means all its resources; else a target means the resources that bear it,
or are named so. One that means a VEN keeps those of single resources from counting in it.

3.0.1: targets have types. Within a type any value will do, and every type must be met
(the standard says neither). EVENT_NAME and PROGRAM_NAME say nothing of resources.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ven_daemon.domain.ids import ResourceKey, VenName
from ven_daemon.domain.registration import Target

_SAY_NOTHING = frozenset({"EVENT_NAME", "PROGRAM_NAME"})


class Place(NamedTuple):
    """One resource of the fleet."""

    ven: VenName
    resource: ResourceKey


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who may be meant: a VEN or a resource, by what the VTN knows of it."""

    names: tuple[str, ...] = ()
    """Its name at the VTN and its id there."""
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is meant: VENs as a whole, and single resources of others."""

    vens: frozenset[VenName] = frozenset()
    resources: frozenset[Place] = frozenset()

    def __bool__(self) -> bool:
        """Whether anybody is meant."""
        return bool(self.vens or self.resources)

    def __contains__(self, place: Place) -> bool:
        """Whether this resource is meant."""
        return place.ven in self.vens or place in self.resources

    def __and__(self, other: "Audience") -> "Audience":
        """Whoever is meant by both."""
        mine = (place for place in self.resources if place in other)
        theirs = (place for place in other.resources if place in self)
        return Audience(self.vens & other.vens, frozenset((*mine, *theirs)))

    def within(self, vens: frozenset[VenName]) -> "Audience":
        """Whoever of it belongs to *vens*."""
        single = (place for place in self.resources if place.ven in vens)
        return Audience(self.vens & vens, frozenset(single))


class _Entry:
    """Who bears a mark: one, as a rule, and an index has tens of thousands of these."""

    __slots__ = ("resources", "vens")

    def __init__(self) -> None:
        self.vens: Sequence[VenName] = ()
        self.resources: Sequence[Place] = ()

    def add_ven(self, ven: VenName) -> None:
        if isinstance(self.vens, list):
            self.vens.append(ven)
        else:
            self.vens = [ven]

    def add_resource(self, place: Place) -> None:
        if isinstance(self.resources, list):
            self.resources.append(place)
        else:
            self.resources = [place]


class TargetIndex:
    """Looks up whom targets mean, at a cost of those it finds and not of the fleet."""

    def __init__(
        self, vens: Mapping[VenName, Bearer], resources: Mapping[Place, Bearer] | None = None
    ) -> None:
        self.vens = frozenset(vens)
        self._plain: defaultdict[str, _Entry] = defaultdict(_Entry)
        self._typed: defaultdict[Target, _Entry] = defaultdict(_Entry)
        for ven, bearer in vens.items():
            for value, typed in _marks(bearer, "VEN_NAME"):
                self._plain[value].add_ven(ven)
                self._typed[typed].add_ven(ven)
        for place, bearer in (resources or {}).items():
            for value, typed in _marks(bearer, "RESOURCE_NAME"):
                self._plain[value].add_resource(place)
                self._typed[typed].add_resource(place)

    def meant(
        self,
        event: Iterable[Target],
        program: Iterable[Target] = (),
        readers: frozenset[VenName] | None = None,
    ) -> Audience:
        """Say whom an event means, among its *readers*: the VENs that it was shown to.

        A program that cannot be read restricts nothing (T-15).
        """
        audience = self._audience(event) & self._audience(program)
        return audience if readers is None else audience.within(readers)

    def unknown(self, targets: Iterable[Target]) -> tuple[Target, ...]:
        """Give the targets that nobody of the fleet bears (F45)."""
        return tuple(t for t in targets if t.kind not in _SAY_NOTHING and not self._find(t))

    def _audience(self, targets: Iterable[Target]) -> Audience:
        kinds: defaultdict[str | None, list[Target]] = defaultdict(list)
        for target in targets:
            if target.kind not in _SAY_NOTHING:
                kinds[target.kind].append(target)
        audience = Audience(self.vens)
        for some in kinds.values():
            audience &= self._any_of(some)
        return audience

    def _any_of(self, targets: Iterable[Target]) -> Audience:
        entries = [entry for target in targets for entry in self._find(target)]
        whole = frozenset().union(*(entry.vens for entry in entries))
        single = frozenset().union(*(entry.resources for entry in entries))
        return Audience(whole, frozenset(place for place in single if place.ven not in whole))

    def _find(self, target: Target) -> list[_Entry]:
        """Look a target up; one with a type is borne with that type, or with none."""
        if target.kind is None:
            found = [self._plain.get(target.value)]
        else:
            found = [self._typed.get(target), self._typed.get(Target(target.value))]
        return [entry for entry in found if entry is not None]


def _marks(bearer: Bearer, kind: str) -> Iterable[tuple[str, Target]]:
    """Give everything that means *bearer*: as a plain string, and with a type."""
    for name in bearer.names:
        yield name, Target(name, kind)
    for target in bearer.targets:
        yield target.value, target
