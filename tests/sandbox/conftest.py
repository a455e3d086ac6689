"""Sandboxes of the usual sorts."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.rig import Sandbox


@pytest.fixture
async def vtn() -> AsyncIterator[Sandbox]:
    """A strict 3.1 VTN with one business-logic client and two VENs."""
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def vtn30() -> AsyncIterator[Sandbox]:
    """The same in 3.0."""
    async with Sandbox(profile="3.0") as sandbox:
        yield sandbox


@pytest.fixture
async def open_vtn() -> AsyncIterator[Sandbox]:
    """A 3.1 VTN that asks for nothing."""
    async with Sandbox(clients=(), open=True) as sandbox:
        yield sandbox
