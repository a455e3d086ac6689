"""Objects whose body is read by a shape, as opposed to those of the fleet."""

from collections.abc import Mapping
from typing import Any

from ven_daemon.sandbox import fields
from ven_daemon.sandbox.kind import Kind
from ven_daemon.sandbox.messages import Call
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.profiles import Form, Profile
from ven_daemon.sandbox.shape import Shape
from ven_daemon.sandbox.shelf import Row, Shelf


class ShapedKind(Kind):
    """An object that has one form, whoever writes it."""

    def __init__(self, objects: Objects, shelf: Shelf, profile: Profile, shape: Shape) -> None:
        super().__init__(objects, shelf, profile)
        self._shape = shape

    def _content(
        self,
        call: Call,
        form: Form,  # noqa: ARG002 - for other kinds
        body: Mapping[str, Any],
        old: Row | None = None,  # noqa: ARG002 - the same
    ) -> dict[str, Any]:
        content = self._members(body)
        fields.refuse_nul(call, *content.values())
        return content

    def _members(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Read what the body may say, and hold it to what it refers to."""
        return self._shape(body, "")


class TargetedKind(ShapedKind):
    """An object with targets."""

    def _members(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Read targets as the profile has them; they come last, where hiding them finds them."""
        return {**super()._members(body), "targets": self._profile.targets(body)}
