"""Dispatch: events become what each resource follows, and sinks are told in time.

book      the port to what the VTN says
fleet     who can be told, and by which targets they are meant
orders    events placed in time, for whom they mean, draws included
layout    a plan laid out, and compared with the record
service   one step: plan, compare with the record, keep the difference
courier   one sink's task: hand over what is due, note what it answers
choices   what an operator chose
quiet     who is not heard of: the VTN, readings
opting    opting out, and in again
"""

from ven_daemon.services.dispatch.book import EventBook, Known
from ven_daemon.services.dispatch.choices import Choices
from ven_daemon.services.dispatch.courier import Courier
from ven_daemon.services.dispatch.fleet import FleetBook
from ven_daemon.services.dispatch.opting import Decision, Opting, Wish
from ven_daemon.services.dispatch.orders import Orders
from ven_daemon.services.dispatch.service import DispatchService

__all__ = [
    "Choices",
    "Courier",
    "Decision",
    "DispatchService",
    "EventBook",
    "FleetBook",
    "Known",
    "Opting",
    "Orders",
    "Wish",
]
