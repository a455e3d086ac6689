"""Which kind of object a path is about."""

from collections.abc import Callable
from http import HTTPStatus

from ven_daemon.sandbox.events import Events
from ven_daemon.sandbox.kind import Kind
from ven_daemon.sandbox.messages import Answer, Call
from ven_daemon.sandbox.oauth import SERVER_PATH, server_info
from ven_daemon.sandbox.objects import Objects
from ven_daemon.sandbox.privacy import Grants
from ven_daemon.sandbox.problems import Problem, not_found
from ven_daemon.sandbox.profiles import Profile
from ven_daemon.sandbox.programs import Programs
from ven_daemon.sandbox.reports import Reports
from ven_daemon.sandbox.resources import Resources
from ven_daemon.sandbox.subscriptions import Subscriptions
from ven_daemon.sandbox.vens import Vens

_LATER = ("notifiers",)


class Routes:
    """The OpenADR paths of one profile."""

    def __init__(self, objects: Objects, profile: Profile) -> None:
        self._objects = objects
        self._profile = profile
        self._nests = profile.nests_resources
        grants = Grants(objects)
        self._kinds: dict[str, Kind] = {
            "vens": Vens(objects, profile),
            "programs": Programs(objects, profile, grants),
            "events": Events(objects, profile, grants),
            "reports": Reports(objects, profile),
            "subscriptions": Subscriptions(objects, profile),
        }
        if not self._nests:
            self._kinds["resources"] = Resources(objects, profile)

    def answer(self, call: Call) -> Answer:
        """Answer one request; raises a problem where it is refused."""
        match call.path.split("/"):
            case ["", root] if root in self._kinds:
                return _collection(self._kinds[root], call)
            case ["", root, object_id] if root in self._kinds:
                return _item(self._kinds[root], call, object_id)
            case ["", "vens", ven_id, "resources"] if self._nests:
                return _collection(self._resources_of(ven_id), call)
            case ["", "vens", ven_id, "resources", object_id] if self._nests:
                return _item(self._resources_of(ven_id), call, object_id)
            case ["", "auth", "server"] if not self._nests and call.path == SERVER_PATH:
                return _only(call, "GET", server_info)
            case ["", root, *_] if root in _LATER:
                raise not_found(f"The sandbox does not serve {root} yet")
            case _:
                raise not_found("No such path")

    def _resources_of(self, ven_id: str) -> Kind:
        return Resources(self._objects, self._profile, ven_id)


def _collection(kind: Kind, call: Call) -> Answer:
    match call.method:
        case "GET":
            return kind.list(call)
        case "POST":
            return kind.create(call)
        case _:
            raise wrong_method("GET, POST")


def _item(kind: Kind, call: Call, object_id: str) -> Answer:
    match call.method:
        case "GET":
            return kind.read(call, object_id)
        case "PUT":
            return kind.replace(call, object_id)
        case "DELETE":
            return kind.remove(call, object_id)
        case _:
            raise wrong_method("GET, PUT, DELETE")


def _only(call: Call, method: str, answer: Callable[[Call], Answer]) -> Answer:
    if call.method != method:
        raise wrong_method(method)
    return answer(call)


def wrong_method(allowed: str) -> Problem:
    """Refuse a method that the path does not have."""
    return Problem(405, HTTPStatus.METHOD_NOT_ALLOWED.phrase, Allow=allowed)
