"""The VTN itself: its rooms put together, and the answer to a request that met no fault."""

from typing import Any

from ven_daemon.sandbox.clients import Clients
from ven_daemon.sandbox.faults import Faults
from ven_daemon.sandbox.ledger import Ledger
from ven_daemon.sandbox.messages import Answer, Call, refusal
from ven_daemon.sandbox.oauth import TOKEN_PATH, TokenEndpoint
from ven_daemon.sandbox.objects import Keeper, Objects, Rules
from ven_daemon.sandbox.options import Options
from ven_daemon.sandbox.problems import DATABASE_ERROR, Problem
from ven_daemon.sandbox.profiles import PROFILES
from ven_daemon.sandbox.routes import Routes, wrong_method
from ven_daemon.sandbox.tokens import Tokens

HEALTH_PATH = "/health"


class Vtn:
    """One VTN with everything it knows."""

    def __init__(
        self, options: Options, clients: Clients | None = None, keeper: Keeper | None = None
    ) -> None:
        profile = PROFILES[options.profile]
        rules = Rules(unique_names=not options.lenient, one_ven_per_client=not options.open)
        self.tokens = Tokens(options.token_lifetime, unbounded=options.open)
        self.token_endpoint = TokenEndpoint(
            clients or Clients(), self.tokens, profile.scopes, anybody=options.open
        )
        self.objects = Objects(rules, keeper)
        self.faults = Faults()
        self.ledger = Ledger()
        self.requests = 0
        self._routes = Routes(self.objects, profile)

    def answer(self, call: Call) -> Answer:
        """Answer one request. When this returns, a write is accepted wholly or not at all."""
        try:
            if call.unreadable is not None:
                raise call.unreadable
            if call.path == TOKEN_PATH:
                if call.method != "POST":
                    raise wrong_method("POST")
                return self.token_endpoint.answer(call)
            if call.path == HEALTH_PATH:
                return Answer(200, b"OK", "text/plain; charset=utf-8")
            return self._routes.answer(call)
        except Problem as e:
            return refusal(e)
        except OSError:  # the state file cannot be written: nothing was accepted
            return refusal(Problem(500, DATABASE_ERROR))

    def count(self, call: Call) -> None:
        """Count a request by its sort; asking after the VTN's health is not one of OpenADR's."""
        if call.path == TOKEN_PATH:
            self.token_endpoint.requests += 1
        elif call.path != HEALTH_PATH:
            self.requests += 1

    def record(
        self, call: Call, status: int | None, answer: Answer | None, fault: str | None = None
    ) -> None:
        """Enter a request in the ledger; *status* is what its client is told, if anything."""
        if call.path != HEALTH_PATH:
            self.ledger.record(call, status, answer, fault)

    def summary(self) -> dict[str, Any]:
        """Count everything, in a time that does not depend on how much there is."""
        return {
            **{f"{noun}s": len(shelf) for noun, shelf in self.objects.shelves.items()},
            "duplicates": self.objects.duplicates,
            "requests": self.requests,
            "writes": self.ledger.writes,
            "tokens": self.token_endpoint.requests,
        }

    def reset(self) -> None:
        """Begin anew: objects, ledger, counters and faults. Tokens stay valid."""
        self.objects.wipe()
        self.ledger.clear()
        self.faults.set([])
        self.requests = self.token_endpoint.requests = 0
