"""A courier's own life."""

import asyncio

from tests.dispatch.rig import Rig, event


async def test_a_courier_that_is_cancelled_while_it_is_woken_ends(rig: Rig) -> None:
    """Before Python 3.12 `wait_for` swallows such a cancellation: the process would not stop."""
    rig.book.publish(event())
    await rig.service.step()
    for pauses in range(40):
        task = asyncio.create_task(rig.courier.run())
        await asyncio.sleep(0.02)
        rig.courier.wake()
        for _ in range(pauses % 4):
            await asyncio.sleep(0)
        task.cancel()

        done, _ = await asyncio.wait([task], timeout=5)

        assert done
        assert task.cancelled()
