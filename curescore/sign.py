"""`curescore sign`: keys, and signatures of what services may load."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curescore.console import Json, out, print_json
from curescore.signing import required_key, signature_of

if TYPE_CHECKING:
    from models.signature import Signature

sign_app = typer.Typer(
    no_args_is_help=True, help="Sign bundles and policies, so that services load no others."
)

Key = Annotated[
    Path | None,
    typer.Option("--key", help="Private key (PEM); else CURESCORE_SIGNING_KEY."),
]


@sign_app.command()
def keygen(
    folder: Annotated[
        Path, typer.Option("--out", help="Folder of the two files.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Make a pair of Ed25519 keys: signing_key.pem, to be kept, and public_key.pem, for services.

    CURESCORE_SIGNING_PASSPHRASE, where it is set, closes the private one.

    Example: curescore sign keygen --out var/keys
    """
    from models.signature import make_keys

    private, public, key = make_keys(folder)
    if json:
        print_json({"key": key, "private": str(private), "public": str(public)})
        return
    out.print(f"key {key}", markup=False)
    out.print(f"keep {private} where you promote; name it in CURESCORE_SIGNING_KEY", soft_wrap=True)
    out.print(f"services get {public}; name it in CURESCORE_PUBLIC_KEY", soft_wrap=True)


@sign_app.command()
def bundle(
    path: Annotated[
        Path,
        typer.Argument(help="Bundle folder, policy folder or policy file.", show_default=False),
    ],
    key: Key = None,
    json: Json = False,
) -> None:
    """Sign what CURESCORE_MODELS, CURESCORE_POLICY or CURESCORE_CHALLENGER name, if it loads.

    The signature lies beside it: signature.json in the folder, or FILE.signature.json.

    Example: curescore sign bundle var/policies/winter --key var/keys/signing_key.pem
    """
    from models.durable import whole_file
    from models.signed import signature_file

    private = required_key(key)
    made = signature_of(private, path, _loaded_name(path))
    assert made is not None
    with whole_file(signature_file(path)) as file:
        file.write_text(f"{made.text}\n")
    _tell(made, str(path), as_json=json)


@sign_app.command()
def version(
    name: Annotated[
        str, typer.Argument(help="Registered model, such as cure.", show_default=False)
    ],
    number: Annotated[int, typer.Argument(help="Its version.", show_default=False)],
    key: Key = None,
    json: Json = False,
) -> None:
    """Sign a version of the registry, if it loads. The gate is not asked.

    Example: curescore sign version cure 1 --key var/keys/signing_key.pem
    """
    from training.promotion.signing import loadable
    from training.tracking import Tracker

    private = required_key(key)
    tracker = Tracker.existing()
    made = signature_of(private, loadable(tracker, name, number), name)
    assert made is not None
    tracker.sign(name, number, made)
    _tell(made, f"{name} version {number}", as_json=json)


def _loaded_name(path: Path) -> str:
    """The name that a bundle or policy is signed under; BundleError or InputError if unsound."""
    from models.intensity.policy import load_policy
    from models.score.bundle import load
    from models.score.manifest import MANIFEST
    from models.signed import POLICY

    if (path / MANIFEST).is_file():
        return load(path).target
    load_policy(path)
    return POLICY


def _tell(made: "Signature", what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": made.name, "key": made.key, "what": what})
    else:
        out.print(f"signed {what} as {made.name} by key {made.key}", markup=False, soft_wrap=True)
