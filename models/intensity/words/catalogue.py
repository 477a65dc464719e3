"""Words in both languages, and how a code is told by them."""

from collections.abc import Mapping
from typing import NamedTuple

from models.score.reasons import Language


class Words(NamedTuple):
    """One thing said in both languages."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """What it is called in that language."""
        return self.en if language == "en" else self.zh


def told(catalogue: Mapping[str, Words], code: str, language: Language) -> str:
    """The words of a code; one that has left the catalogue is told as it is.

    So old records stay readable.
    """
    words = catalogue.get(code)
    return code if words is None else words.of(language)
