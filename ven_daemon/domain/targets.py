"""Which resources an event means: its targets and its program's, by an inverted index.

3.1: no targets mean every resource; a target that a VEN bears, or its
name, or its id, means all its resources; else a target means the resources that bear it,
or are named so. One that means a VEN keeps those of single resources from counting in it.

3.0.1: targets have types. Within a type any value will do, and every type must be met
(the standard says neither). EVENT_NAME and PROGRAM_NAME say nothing of resources.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

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


Who = TypeVar("Who", VenName, Place)
Mark = TypeVar("Mark", str, Target)


class _Marks(Generic[Who]):
    """Who bears what, among VENs or among resources.

    A fleet has two names for each resource and few different targets, so names are kept
    once, and their type is understood.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._names: dict[str, Who | list[Who]] = {}
        self._values: dict[str, Who | list[Who]] = {}
        self._targets: dict[Target, Who | list[Who]] = {}

    def add(self, who: Who, bearer: Bearer) -> None:
        """Note everything that means *who*."""
        for name in bearer.names:
            _note(self._names, name, who)
        for target in bearer.targets:
            _note(self._values, target.value, who)
            _note(self._targets, target, who)

    def find(self, target: Target) -> Iterator[Sequence[Who]]:
        """Give who bears a target; one with a type is borne with that type, or with none."""
        if target.kind is None:
            yield _noted(self._values, target.value)
        else:
            yield _noted(self._targets, target)
            yield _noted(self._targets, Target(target.value))
        if target.kind in (None, self._kind):
            yield _noted(self._names, target.value)


def _note(marks: dict[Mark, Who | list[Who]], mark: Mark, who: Who) -> None:
    """Note a bearer as it is: most marks have one, and a list for each takes megabytes."""
    before = marks.setdefault(mark, who)
    if isinstance(before, list):
        before.append(who)
    elif before is not who:
        marks[mark] = [before, who]


def _noted(marks: Mapping[Mark, Who | list[Who]], mark: Mark) -> Sequence[Who]:
    found = marks.get(mark)
    if found is None:
        return ()
    return found if isinstance(found, list) else (found,)


class TargetIndex:
    """Looks up whom targets mean, at a cost of those it finds and not of the fleet."""

    def __init__(
        self, vens: Mapping[VenName, Bearer], resources: Mapping[Place, Bearer] | None = None
    ) -> None:
        self.vens = frozenset(vens)
        self._vens: _Marks[VenName] = _Marks("VEN_NAME")
        self._resources: _Marks[Place] = _Marks("RESOURCE_NAME")
        for ven, bearer in vens.items():
            self._vens.add(ven, bearer)
        for place, bearer in (resources or {}).items():
            self._resources.add(place, bearer)

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
        return tuple(t for t in targets if t.kind not in _SAY_NOTHING and not self._is_borne(t))

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
        whole = frozenset().union(*(some for each in targets for some in self._vens.find(each)))
        single = frozenset().union(
            *(some for each in targets for some in self._resources.find(each))
        )
        return Audience(whole, frozenset(place for place in single if place.ven not in whole))

    def _is_borne(self, target: Target) -> bool:
        return any(self._vens.find(target)) or any(self._resources.find(target))
