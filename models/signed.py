"""What a signature of a bundle or a policy covers, and where it lies beside it.

Signed are the files that tell the digests of all others: the manifest of a bundle; the file of a
policy and, where it came with one, the manifest of its estimate. They are hashed, not parsed.
"""

import os
from collections.abc import Collection
from hashlib import file_digest
from pathlib import Path

from models.intensity.estimate import MANIFEST as ESTIMATE_MANIFEST
from models.intensity.policy import ESTIMATE, PACKAGED
from models.score.manifest import MANIFEST, SIGNATURE
from models.signature import LONGEST, PublicKeys, Signature, SignatureError, SigningKey, verify

# The names that policies are signed under; that of a bundle is its target. A challenger may be
# tried, and not decide for all: what was judged and signed as a policy may do both.
POLICY, CHALLENGER = "policy", "challenger"

UNSIGNED = (
    "is not signed, and CURESCORE_PUBLIC_KEY asks for that: `curescore sign version NAME VERSION` "
    "signs a version of the registry, `curescore sign bundle PATH` what settings name"
)


def signed(key: SigningKey, path: Path, name: str) -> Signature:
    """The signature of a bundle folder, or of a policy file or folder, under its name.

    Raises SignatureError where what would be signed is not there.
    """
    return key.sign(name, covered(path, name))


def check_signed(
    path: Path, names: Collection[str], keys: PublicKeys, text: str | None = None
) -> str:
    """The name, of those allowed, under which one of the keys signed a bundle or policy.

    `text` is its signature, None: the one beside it. Raises SignatureError where it is unsigned,
    signed by another key or under another name, or altered.
    """
    told = signature_beside(path) if text is None else text
    if told is None:
        raise SignatureError(UNSIGNED)
    signature = Signature.read(told)
    if signature.name not in names:
        raise SignatureError(
            f"is signed as {signature.name}, not as {' or '.join(names)}: sign it as what it is"
        )
    verify(keys, signature, covered(path, signature.name))
    return signature.name


def signature_file(path: Path) -> Path:
    """Where the signature of a folder, or of a policy file, lies."""
    return path / SIGNATURE if path.is_dir() else path.with_name(f"{path.name}.{SIGNATURE}")


def signature_beside(path: Path) -> str | None:
    """The text of the signature beside a bundle or policy; None where there is none."""
    try:
        with signature_file(path).open("rb") as file:
            return file.read(LONGEST + 1).decode(errors="replace")
    except OSError:
        return None


def covered(path: Path, name: str) -> bytes:
    """Names and SHA-256 of the files whose content makes a bundle or policy what it is.

    Raises SignatureError where one of them is not there.
    """
    heads = {MANIFEST: path / MANIFEST}
    if name in (POLICY, CHALLENGER):
        heads = {PACKAGED: path / PACKAGED if path.is_dir() else path}
        if os.path.lexists(path / ESTIMATE):
            heads[f"{ESTIMATE}/{ESTIMATE_MANIFEST}"] = path / ESTIMATE / ESTIMATE_MANIFEST
    return "".join(f"{head} {_sha256(file)}\n" for head, file in heads.items()).encode()


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise SignatureError(f"has no file {path.name}: put it back")
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SignatureError(f"has no {path.name} that could be read: {error.strerror}") from None
