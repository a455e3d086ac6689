"""A type per identifier, so that none can be taken for another."""

from typing import NewType

VenName = NewType("VenName", str)
"""The name of a VEN in the inventory and, shortened where it must be, at the VTN."""

ResourceKey = NewType("ResourceKey", str)
"""`resources.resource_id` of the inventory: the key that survives renaming."""

ResourceName = NewType("ResourceName", str)
"""The name of a resource at the VTN, unique within its VEN."""

VenId = NewType("VenId", str)
"""What the VTN calls a ven object."""

ResourceId = NewType("ResourceId", str)
"""What the VTN calls a resource object."""

ClientId = NewType("ClientId", str)
"""The OAuth client that the VTN binds a ven object to (3.1)."""

ProgramId = NewType("ProgramId", str)
"""What the VTN calls a program object."""

EventId = NewType("EventId", str)
"""What the VTN calls an event object; not necessarily a UUID (T-44)."""

ReportId = NewType("ReportId", str)
"""What the VTN calls a report object."""
