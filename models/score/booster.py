"""The booster: LightGBM trees, read from its text format."""

import re
from pathlib import Path

import lightgbm
from lightgbm.basic import LightGBMError

_TREE = re.compile(r"^Tree=(\d+)$", re.MULTILINE)


class BoosterError(ValueError):
    """A text that is not a whole model."""


def read_booster(path: Path) -> lightgbm.Booster:
    """The booster in LightGBM's text format at `path`.

    Raises BoosterError where the text is no model or not the whole of one.
    """
    text = path.read_text()
    _check_trees(path, text)
    try:
        return lightgbm.Booster(model_str=text)
    except LightGBMError as error:
        raise BoosterError(f"{path} is not a model: {error}") from None


def booster_text(booster: lightgbm.Booster) -> str:
    """The booster in LightGBM's text format, up to its best iteration."""
    text: str = booster.model_to_string(importance_type="gain")
    return text


def _check_trees(path: Path, text: str) -> None:
    """LightGBM ends the whole process where a tree's text is cut, so look at the sizes first."""
    sizes = re.search(r"^tree_sizes=([\d ]+)$", text, re.MULTILINE)
    first = _TREE.search(text)
    if not text.startswith("tree\nversion=v4\n") or sizes is None or first is None:
        raise BoosterError(f"{path} is not a LightGBM model of version 4")
    blocks = text.encode()[len(text[: first.start()].encode()) :]
    for number, size in enumerate(map(int, sizes[1].split())):
        block, blocks = blocks[:size], blocks[size:]
        if len(block) != size or not block.startswith(f"Tree={number}\n".encode()):
            raise BoosterError(f"{path} is cut or changed at tree {number}")
    if not blocks.startswith(b"end of trees") or b"\nend of parameters\n" not in blocks:
        raise BoosterError(f"{path} is cut after its trees")
