"""VTNs, records and inventories as Hypothesis makes them up.

Worlds are small and dense, so that names, keys and ids meet each other often.
"""

from hypothesis import strategies as st

from tests.domain.registrations import NOTE, OTHER, POWER, VEN, records, row, wish
from ven_daemon.domain.fleet import Resource, Ven
from ven_daemon.domain.ids import ResourceId, VenId
from ven_daemon.domain.planning import plan, want
from ven_daemon.domain.registration import (
    Kind,
    ObservedResource,
    ObservedVen,
    Origin,
    Policy,
    Record,
    Records,
    Status,
    VenPlan,
)

few_names = st.sampled_from(["A", "B", "Pub", "Pub#0", "ø" * 80])
powers = st.sampled_from([22.0, 22, 11.0])
rows = st.lists(
    st.builds(lambda n, name, on, p: row(n, name, enabled=on, power=p),
              st.integers(1, 9), few_names, st.booleans(), powers),
    unique_by=lambda resource: resource.id,
    max_size=6,
)  # fmt: skip
vens_there = st.lists(
    st.builds(
        ObservedVen,
        st.sampled_from([VenId("v1"), VenId("v2"), VenId("v3")]),
        st.sampled_from(["Aalborg", "Vejle"]),
        st.sampled_from([None, "c1", "c2"]),
    ),
    unique_by=lambda ven: ven.id,
    max_size=3,
)
resources_there = st.lists(
    st.builds(
        ObservedResource,
        st.sampled_from([ResourceId(f"r{n}") for n in range(8)]),
        st.sampled_from([VenId("v1"), VenId("v2")]),
        few_names,
        attributes=st.sampled_from([POWER, OTHER, (*POWER, NOTE), ()]),
    ),
    unique_by=lambda resource: resource.id,
    max_size=8,
)
known_resources = st.lists(
    st.builds(
        Record,
        few_names,
        st.sampled_from(list(Status)),
        st.sampled_from([f"k{n}" for n in range(1, 10)]),
        st.sampled_from([None, *(f"r{n}" for n in range(8))]),
        st.sampled_from([None, *Origin]),
        st.sampled_from([None, wish("A").in_full().fingerprint, wish("B").in_full().fingerprint]),
    ),
    unique_by=lambda each: each.name,
    max_size=5,
)
known_vens = st.one_of(
    st.none(),
    st.builds(
        Record,
        st.just("Aalborg"),
        st.sampled_from(list(Status)),
        vtn_id=st.sampled_from([None, "v1", "v2"]),
        origin=st.sampled_from([None, *Origin]),
    ),
)
policies = st.builds(Policy, st.booleans(), st.booleans(), st.booleans())


class World:
    """A VTN as two dicts, our records, and an inventory of one VEN."""

    def __init__(
        self,
        resources: list[Resource] | None,
        vens: list[ObservedVen],
        objects: list[ObservedResource],
        known: Records,
        policy: Policy,
    ) -> None:
        self.ven = None if resources is None else Ven(VEN, tuple(resources))
        self.vens = {ven.id: ven for ven in vens}
        self.objects = {each.id: each for each in objects}
        self.records = known
        self.policy = policy

    def plan(self) -> VenPlan:
        wanted_ = want(self.ven, self.records, None, (), ()) if self.ven else None
        return plan(
            wanted_, self.vens.values(), self.objects.values(), self.records, self.policy, VEN
        )

    def carry_out(self, made: VenPlan) -> None:
        """Do what the plan says, and put it on record."""
        known = {name: each for name, each in self.records.resources.items()
                 if name not in made.forgotten}  # fmt: skip
        ven, held = made.observed, self.records.ven
        if made.kind is Kind.CREATE and made.wanted:
            ven = ObservedVen(VenId("new"), made.wanted.name, made.wanted.client_id)
            self.vens[ven.id] = ven
        if made.kind is Kind.DELETE and ven:
            del self.vens[ven.id]
            held = None
        elif ven and made.wanted and made.kind is not Kind.CONFLICT:
            held = Record(VEN, Status.REGISTERED, vtn_id=ven.id, origin=Origin.CREATED)
        for number, action in enumerate(made.resources):
            found = action.observed
            if action.kind is Kind.DELETE and found:
                del self.objects[found.id]
                known.pop(action.name, None)
            elif action.wanted and action.kind is not Kind.CONFLICT and ven:
                if found is None or action.kind is Kind.UPDATE:
                    id_ = found.id if found else ResourceId(f"new-{number}")
                    found = ObservedResource(
                        id_,
                        ven.id,
                        action.wanted.name,
                        attributes=action.wanted.in_full().attributes,
                    )
                    self.objects[id_] = found
                if action.record:
                    known.pop(action.record.name, None)
                known[action.name] = Record(
                    action.name,
                    Status.REGISTERED,
                    action.wanted.key,
                    found.id,
                    Origin.CREATED,
                    action.wanted.in_full().fingerprint,
                    found.fingerprint,
                )
        self.records = Records(held, known)


worlds = st.builds(
    World,
    st.one_of(st.none(), rows),
    vens_there,
    resources_there,
    st.builds(lambda ven, known: records(*known, ven=ven), known_vens, known_resources),
    policies,
)
