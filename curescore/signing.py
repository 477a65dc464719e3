"""Signing: what commands that register or promote do with a key, where one is named."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.errors import InputError

if TYPE_CHECKING:
    from models.intensity.policy import Policy
    from models.signature import Signature, SigningKey
    from training.tracking import Tracker

SignWith = Annotated[
    Path | None,
    typer.Option(
        "--sign-with", help="Private key (PEM) to sign with; else CURESCORE_SIGNING_KEY, if set."
    ),
]


def signing_key(path: Path | None = None) -> "SigningKey | None":
    """The key in a file, or the one that the settings name; None where they name none."""
    from service.settings import load_settings

    named = path or load_settings().signing_key
    if named is None:
        return None
    from models.signature import SigningKey

    return SigningKey.load(named)


def required_key(path: Path | None) -> "SigningKey":
    """As `signing_key`; InputError where no key is named."""
    key = signing_key(path)
    if key is None:
        remedy = "Name a private key with --key FILE; `curescore sign keygen` makes one."
        raise InputError("--key", "is missing, and CURESCORE_SIGNING_KEY is not set", remedy)
    return key


def signature_of(key: "SigningKey | None", folder: Path, name: str) -> "Signature | None":
    """The signature of a bundle or policy by a key; None: there is no key.

    Taken before and after something is judged it tells whether that is still what was judged.
    """
    from models.signature import SignatureError
    from models.signed import signed

    if key is None:
        return None
    try:
        return signed(key, folder, name)
    except SignatureError as error:
        raise InputError(str(folder), str(error), "Nothing was signed.") from error


def refuse_champion(name: str, version: int | None, sign_with: Path | None) -> None:
    """InputError where the champion is to be signed by a promotion, which judges it no more."""
    if sign_with is not None:
        remedy = f"`curescore sign version {name} {version} --key {sign_with}` signs it unjudged."
        raise InputError(f"{name} version {version}", "is champion already", remedy)


def sign_policy(
    key: "SigningKey", tracker: "Tracker", version: int, policy: "Policy", *, challenger: bool
) -> None:
    """Sign a version of the policy; InputError where it is not the one that was compared.

    A challenger, which is not judged, is signed as that alone, but keeps what it had as a policy.
    """
    from models.intensity.policy import load_policy
    from models.signature import TAG
    from models.signed import CHALLENGER, POLICY
    from training.policies import digests

    folder = tracker.folder(POLICY, version)
    judged = signature_of(key, folder, POLICY)
    tried = signature_of(key, folder, CHALLENGER)
    assert judged is not None
    assert tried is not None
    same = digests(load_policy(folder)) == digests(policy)
    if not same or signature_of(key, folder, POLICY) != judged:
        raise InputError(str(folder), "was changed meanwhile", "Give the command again.")
    if not challenger:
        tracker.sign(POLICY, version, judged)
    elif tracker.tags(POLICY, version).get(TAG) != judged.text:
        tracker.sign(POLICY, version, tried)
