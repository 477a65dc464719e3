"""The number of the generation that decides."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from models.generation import Generation
from service.errors import unavailable
from service.log.generations import Generations
from service.scoring import Numbered


class Numbering:
    """Keeps the number that the database gave the latest generation, for one event loop."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._latest: Numbered | None = None

    def known(self, generation: Generation) -> Numbered | None:
        """The generation with its number; None where the database has to be asked."""
        latest = self._latest
        return latest if latest is not None and latest.generation is generation else None

    async def of(self, generation: Generation) -> Numbered:
        """The generation with its number; ProblemError where the database cannot be used."""
        numbered = self.known(generation)
        if numbered is None:
            try:
                number = await asyncio.to_thread(self._generations.id_of, generation)
            except SQLAlchemyError:
                raise unavailable() from None
            self._latest = numbered = Numbered(generation, number)
        return numbered
