"""Our own shape: the whole product, as `ven-daemon register` wires it."""

from contextlib import asynccontextmanager

from bench.shapes import Done, Job, Opened
from ven_daemon.app import Registering, open_registration
from ven_daemon.config import load_settings
from ven_daemon.domain.registration import Policy
from ven_daemon.services.registration import Selection


@asynccontextmanager
async def opened(job: Job) -> Opened:
    """Open what registering needs; the state is made where there is none."""
    settings = load_settings(
        {
            "vtn_url": job.url,
            "profile": "3.1",
            "client_id": job.client_id,
            "client_secret": job.client_secret,
            "token_url": f"{job.url}/auth/token",
            "body_form": "bl",
            "max_concurrency": job.workers,
            "inventory_url": f"sqlite:///{job.inventory}",
            "state_url": f"sqlite:///{job.folder / 'state.db'}",
        }
    )
    async with open_registration(settings) as registering:
        yield lambda: _register(registering, job)


async def _register(registering: Registering, job: Job) -> Done:
    names = (job.ven,) if job.ven is not None else ()
    outcome = await registering.service.register(Selection(names=names), Policy())
    assert not outcome.failures, outcome.failures[:3]
    return Done(outcome.registered, outcome.writes)
