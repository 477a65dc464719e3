"""Signatures: keys, what they say, and what of a bundle or policy they cover."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from features.errors import InputError
from models.intensity.policy import ESTIMATE, PACKAGED, policy_content
from models.score.bundle import load
from models.score.manifest import MANIFEST
from models.signature import (
    PASSPHRASE,
    Signature,
    SignatureError,
    SigningKey,
    key_of,
    make_keys,
    read_public_keys,
    verify,
)
from models.signed import check_signed, covered, signature_file, signed
from tests.policyfolders import policy_folder


@pytest.fixture
def made(tmp_path: Path) -> tuple[SigningKey, Path]:
    private, public, key = make_keys(tmp_path / "keys")
    assert SigningKey.load(private).key == key
    return SigningKey.load(private), public


def test_a_key_signs_a_content_under_a_name(made: tuple[SigningKey, Path]) -> None:
    key, public = made
    keys = read_public_keys(public)
    assert [key_of(each) for each in keys] == [key.key]
    signature = Signature.read(key.sign("cure", b"content").text)
    verify(keys, signature, b"content")
    with pytest.raises(SignatureError, match=f"is not what key {key.key} signed as cure"):
        verify(keys, signature, b"another")
    moved = json.loads(signature.text) | {"name": "policy"}
    with pytest.raises(SignatureError, match="signed as policy"):
        verify(keys, Signature.read(json.dumps(moved)), b"content")


def test_the_private_key_is_kept_from_others_and_not_overwritten(tmp_path: Path) -> None:
    private, public, _ = make_keys(tmp_path)
    assert private.stat().st_mode & 0o777 == 0o600
    before = private.read_bytes()
    with pytest.raises(InputError, match="is there already"):
        make_keys(tmp_path)
    private.unlink()
    with pytest.raises(InputError, match="is there already"):
        make_keys(tmp_path)
    assert not private.exists()  # nor half a pair made
    assert before not in public.read_bytes()


def test_a_passphrase_closes_the_private_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE, "open sesame")
    private, _, key = make_keys(tmp_path)
    assert SigningKey.load(private).key == key
    monkeypatch.setenv(PASSPHRASE, "open barley")
    with pytest.raises(InputError, match="holds no private key that opens"):
        SigningKey.load(private)
    monkeypatch.delenv(PASSPHRASE)
    with pytest.raises(InputError, match=f"needs a passphrase.*Set {PASSPHRASE}"):
        SigningKey.load(private)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_keys_of_openssl_are_taken(tmp_path: Path) -> None:
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    made = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(private)]
    subprocess.run(made, check=True)
    told = ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)]
    subprocess.run(told, check=True)
    signature = SigningKey.load(private).sign("cure", b"content")
    verify(read_public_keys(public), signature, b"content")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("absent", "cannot be read"),
        ("empty", "holds no Ed25519 key"),
        ("text", "holds no Ed25519 key"),
        ("private", "holds a private key"),
        ("broken", "holds what is no public key"),
        ("other", "holds no Ed25519 key, or others too"),
        ("long", "is too long for keys"),
    ],
)
def test_a_file_of_public_keys_holds_just_these(tmp_path: Path, kind: str, said: str) -> None:
    private, public, _ = make_keys(tmp_path / "keys")
    pem = public.read_text()
    path = tmp_path / "file.pem"
    if kind == "other":
        other = X25519PrivateKey.generate().public_key()
        path.write_bytes(
            public.read_bytes()
            + other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    elif kind != "absent":
        text = {"text": "key\n", "private": pem + private.read_text(), "long": pem + " " * 2**16}
        text["broken"] = pem.replace("MC", "XX", 1)
        path.write_text(text.get(kind, ""))
    with pytest.raises(InputError, match=said):
        read_public_keys(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[" * 400,
        '{"name": "cure"}',
        '{"name": "cure", "key": "0123456789abcdef", "signature": 1}',
        '{"name": "cure", "key": "0123456789abcdef", "signature": "%%%"}',
        '{"name": "../cure", "key": "0123456789abcdef", "signature": ""}',
        '{"name": "cure", "key": "0", "signature": ""}',
        '{"name": "cure", "key": "0123456789abcdef", "signature": "", "more": 1}',
        '{"name": "cure", "key": "0123456789abcdef", "signature": ""}' + " " * 500,
    ],
)
def test_what_is_no_signature_cannot_be_read(text: str) -> None:
    with pytest.raises(SignatureError, match="cannot be read: sign it anew"):
        Signature.read(text)


def test_a_signature_covers_a_bundle_and_lies_beside_its_manifest(
    made: tuple[SigningKey, Path], bundle_dir: Path, tmp_path: Path
) -> None:
    key, public = made
    keys = read_public_keys(public)
    folder = Path(shutil.copytree(bundle_dir, tmp_path / "copy"))
    with pytest.raises(SignatureError, match=r"is not signed.*`curescore sign bundle PATH`"):
        check_signed(folder, ["cure"], keys)
    signature_file(folder).write_text(signed(key, folder, "cure").text)
    assert check_signed(folder, ["early_warning", "cure"], keys) == "cure"
    assert load(folder).sha256 == load(bundle_dir).sha256  # it may lie there
    with pytest.raises(SignatureError, match="is signed as cure, not as early_warning"):
        check_signed(folder, ["early_warning"], keys)
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text() + " ")
    with pytest.raises(SignatureError, match="it was changed since"):
        check_signed(folder, ["cure"], keys)
    (folder / MANIFEST).unlink()
    with pytest.raises(SignatureError, match=r"has no file manifest\.json"):
        check_signed(folder, ["cure"], keys)


def test_a_signature_covers_a_policy_with_or_without_its_estimate(
    made: tuple[SigningKey, Path], tmp_path: Path
) -> None:
    key, public = made
    keys = read_public_keys(public)
    file = tmp_path / "winter.toml"
    file.write_bytes(policy_content())
    text = signed(key, file, "policy").text
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(file, folder / PACKAGED)
    assert check_signed(folder, ["policy"], keys, text) == "policy"  # a folder of that file
    estimated = policy_folder(tmp_path, "estimated")
    text = signed(key, estimated, "policy").text
    assert check_signed(estimated, ["policy"], keys, text) == "policy"
    whole = covered(estimated, "policy")
    (estimated / ESTIMATE).rename(tmp_path / "away")
    assert covered(estimated, "policy") != whole
    with pytest.raises(SignatureError, match="it was changed since"):
        check_signed(estimated, ["policy"], keys, text)
    (estimated / ESTIMATE).mkdir()
    with pytest.raises(SignatureError, match=r"has no file estimate\.json"):
        check_signed(estimated, ["policy"], keys, text)
