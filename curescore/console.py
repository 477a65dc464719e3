"""What commands print: text for people, or one JSON document on stdout for machines."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")
]


def print_json(document: Any) -> None:
    """Print the document on stdout as one JSON document; NaN is refused, not written."""
    print(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False, default=str))
