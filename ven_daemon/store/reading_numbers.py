"""Numbers of resources: what a row carries instead of a key of 36 characters."""

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select

from ven_daemon.domain.ids import ResourceKey
from ven_daemon.store.database import Database
from ven_daemon.store.schema import reading_resources


class ResourceNumbers:
    """Every number that was ever given, kept in memory; one process gives new ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, int] = {}
        self._keys: dict[int, ResourceKey] = {}

    async def load(self) -> None:
        """Read what the database knows."""
        async with self._database.read() as connection:
            known = (await connection.execute(select(reading_resources))).all()
        self.learn({row.resource_id: row.number for row in known})

    def fresh(self, keys: Iterable[ResourceKey]) -> Mapping[str, int]:
        """Number resources that were never heard of: to be written, and then to be learnt."""
        unknown = {key for key in keys if key not in self._numbers}
        first = len(self._numbers) + 1
        return {str(key): first + n for n, key in enumerate(sorted(unknown))}

    def learn(self, numbers: Mapping[str, int]) -> None:
        """Remember what is on disk."""
        for key, number in numbers.items():
            self._numbers[key] = number
            self._keys[number] = ResourceKey(key)

    def with_(self, fresh: Mapping[str, int]) -> Mapping[str, int]:
        """Give all numbers by key, those that are not on disk yet too."""
        return ChainMap({**fresh}, self._numbers) if fresh else self._numbers

    async def of(self, keys: Iterable[ResourceKey]) -> list[int]:
        """Give the numbers of those that have one, in order."""
        asked = list(keys)
        if any(key not in self._numbers for key in asked):
            await self.load()
        return sorted(self._numbers[key] for key in asked if key in self._numbers)

    async def keys(self, numbers: Sequence[int]) -> list[ResourceKey]:
        """Give the keys of these numbers, one by one; another process may have given them."""
        if any(number not in self._keys for number in numbers):
            await self.load()
        return [self._keys[number] for number in numbers]
