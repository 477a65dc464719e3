"""Who is champion, told after each command that may have moved it."""

from typing import TYPE_CHECKING, Any

from curescore.console import out, print_json

if TYPE_CHECKING:
    from training.registry import Registry


def tell_champion(
    registry: "Registry", name: str, former: int | None, told: dict[str, Any], *, as_json: bool
) -> None:
    """Say who is champion now, and with JSON every move that is recorded, beside what is `told`."""
    champion = registry.champion(name)
    if as_json:
        moves = registry.promotions(name)
        print_json({"name": name, "champion": champion, "former": former, **told, "moves": moves})
        return
    if champion is None:
        out.print(f"champion of {name}: none")
    else:
        before = {None: "none before", champion: "as before"}.get(
            former, f"version {former} before"
        )
        out.print(f"champion of {name}: version {champion} ({before})")
