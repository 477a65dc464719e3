"""Signatures: who lets something be served, by Ed25519, over bytes and the name they are for.

A signature is a line of JSON beside what it signs: the name, the key that made it, and 64 bytes in
base64. A public key is known by the SHA-256 of its 32 bytes, of which 16 digits are told.
"""

import binascii
import json
import os
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from features.errors import InputError

TAG = "ed25519_signature"  # of a version in the registry
LONGEST = 500  # characters of a signature
LONGEST_FILE = 2**16  # bytes of a file of keys
PRIVATE, PUBLIC = "signing_key.pem", "public_key.pem"
PASSPHRASE = "CURESCORE_SIGNING_PASSPHRASE"  # nosec B105  # noqa: S105 (a variable that holds it)

_DOMAIN = b"curescore served v1\0"  # what is signed here is nothing else
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KEY = re.compile(r"[0-9a-f]{16}")
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----\n?", re.DOTALL)

PublicKeys = tuple[bytes, ...]  # 32 bytes each


class SignatureError(Exception):
    """What must not be used for want of a signature: what is wrong with it, and how to mend it."""


@dataclass(frozen=True)
class Signature:
    """A signature as it is told: of what name, by which key. It says nothing until verified."""

    name: str
    key: str
    value: bytes

    @property
    def text(self) -> str:
        """It as one line of JSON."""
        told = {"name": self.name, "key": self.key, "signature": b64encode(self.value).decode()}
        return json.dumps(told)

    @classmethod
    def read(cls, text: str) -> Self:
        """The signature in a text; SignatureError where it is none."""
        try:
            if len(text) > LONGEST:
                raise ValueError(f"it has more than {LONGEST} characters")
            told = json.loads(text)
            name, key, value = told["name"], told["key"], told["signature"]
            if len(told) > len(("name", "key", "signature")):
                raise ValueError("it says more than it should")
            if not (_NAME.fullmatch(name) and _KEY.fullmatch(key)):
                raise ValueError("its name or key is none")
            return cls(name, key, b64decode(value, validate=True))
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
            raise SignatureError("has a signature that cannot be read: sign it anew") from None


class SigningKey:
    """A private key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = key_of(private.public_key().public_bytes_raw())

    @classmethod
    def load(cls, path: Path) -> Self:
        """The one in a PEM file, opened by the passphrase in PASSPHRASE where it is closed.

        Raises InputError where there is none.
        """
        passphrase = _passphrase()
        try:
            private = load_pem_private_key(_content(path), passphrase)
        except TypeError:
            problem = "needs no passphrase" if passphrase else "needs a passphrase"
            remedy = f"{'Unset' if passphrase else 'Set'} {PASSPHRASE}."
            raise InputError(str(path), problem, remedy) from None
        except (ValueError, UnsupportedAlgorithm):
            remedy = f"Name the {PRIVATE} that `curescore sign keygen` made, and its passphrase."
            raise InputError(str(path), "holds no private key that opens", remedy) from None
        if not isinstance(private, Ed25519PrivateKey):
            remedy = "Make one with `curescore sign keygen`."
            raise InputError(str(path), "is no Ed25519 key", remedy)
        return cls(private)

    def sign(self, name: str, content: bytes) -> Signature:
        """The signature of the content under a name."""
        return Signature(name, self.key, self._private.sign(_message(name, content)))


def make_keys(folder: Path) -> tuple[Path, Path, str]:
    """Make a pair of keys; the private and the public file, and how the key is known.

    The private one is closed by the passphrase in PASSPHRASE, where there is one. Raises
    InputError where either file is there already.
    """
    private = Ed25519PrivateKey.generate()
    passphrase = _passphrase()
    closed: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        closed = BestAvailableEncryption(passphrase)
    public = private.public_key()
    told = (
        (PRIVATE, 0o600, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, closed)),
        (PUBLIC, 0o644, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
    )
    for name, _, _ in told:
        if os.path.lexists(folder / name):
            remedy = "Name another folder: a key that is lost can sign no more."
            raise InputError(str(folder / name), "is there already", remedy)
    folder.mkdir(parents=True, exist_ok=True)
    for name, mode, content in told:
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return folder / PRIVATE, folder / PUBLIC, key_of(public.public_bytes_raw())


def key_of(public: bytes) -> str:
    """How a public key of 32 bytes is known."""
    return sha256(public).hexdigest()[:16]


def read_public_keys(path: Path) -> PublicKeys:
    """The public keys in a PEM file, one or more; InputError where it does not hold just these."""
    content = _content(path)
    remedy = f"Name a file of public keys, such as the {PUBLIC} of `curescore sign keygen`."
    if b"PRIVATE KEY-----" in content:
        remedy = f"Keep it where things are signed, and name the {PUBLIC} made with it."
        raise InputError(str(path), "holds a private key", remedy)
    blocks = [match.group() for match in _PEM.finditer(content)]
    try:
        keys = [load_pem_public_key(block) for block in blocks]
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(str(path), "holds what is no public key", remedy) from None
    found = tuple(key.public_bytes_raw() for key in keys if isinstance(key, Ed25519PublicKey))
    if not found or len(found) < len(keys):
        raise InputError(str(path), "holds no Ed25519 key, or others too", remedy)
    return found


def verify(keys: PublicKeys, signature: Signature, content: bytes) -> None:
    """SignatureError where none of the keys signed the content under the signature's name."""
    known = {key_of(key): key for key in keys}
    if signature.key not in known:
        raise SignatureError(
            f"is signed by key {signature.key}, which is not in CURESCORE_PUBLIC_KEY: sign it with "
            "one that is, or add its public key there"
        )
    public = Ed25519PublicKey.from_public_bytes(known[signature.key])
    try:
        public.verify(signature.value, _message(signature.name, content))
    except InvalidSignature:
        raise SignatureError(
            f"is not what key {signature.key} signed as {signature.name}: it was changed since, or "
            "the signature was; put back what was signed, or judge and sign it anew"
        ) from None


def _message(name: str, content: bytes) -> bytes:
    return _DOMAIN + name.encode() + b"\0" + sha256(content).digest()


def _passphrase() -> bytes | None:
    return os.environ.get(PASSPHRASE, "").encode() or None


def _content(path: Path) -> bytes:
    """The bytes of a file of keys; InputError where it cannot be read, or cannot be one."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise InputError(str(path), problem, "Name a readable file of keys.") from error
    if len(content) > LONGEST_FILE:
        raise InputError(str(path), "is too long for keys", "Name a file of keys (PEM).")
    return content
