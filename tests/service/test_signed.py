"""Only what a known key signed is served: of the registry, the cache, folders, and of a night."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, get_args
from uuid import uuid4

import pytest

from curescore.nightly.copies import POLICY as OWN_POLICY
from curescore.nightly.copies import copied, generation
from curescore.nightly.manifest import Manifest
from models.intensity.policy import load_policy
from models.score.bundle import load
from models.score.contributions import TABLE_LIMIT
from models.score.manifest import BOOSTER, MANIFEST, digest_of, json_text, sha256_of
from models.signature import PublicKeys, Signature, SigningKey, make_keys, read_public_keys
from models.signed import CHALLENGER, signature_file, signed
from service.health_answer import RefusedAnswer
from service.served.candidates import Candidate
from service.served.following import Following
from service.served.looking import Looking
from service.served.published import Kind, Published, Refused, Watched
from service.served.registry import ModelsError, UnsignedError
from service.served.reload import (
    Folders,
    generation_of,
    load_generation,
    served_folders,
)
from service.served.verifying import verify
from service.settings import Settings, SettingsError, load_settings
from tests.registries import Store, other_bundle, store_in
from tests.servers import completed
from training.registry import POLICY

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # mlflow's use of SQLAlchemy
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


class Pair(NamedTuple):
    """A private key, and the file of its public one."""

    key: SigningKey
    public: Path

    @property
    def keys(self) -> PublicKeys:
        return read_public_keys(self.public)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pair, Pair]:
    """Ours, and somebody else's."""
    made = [make_keys(tmp_path_factory.mktemp("keys")) for _ in range(2)]
    ours, others = (Pair(SigningKey.load(private), public) for private, public, _ in made)
    return ours, others


@pytest.fixture
def ours(pairs: tuple[Pair, Pair]) -> Pair:
    return pairs[0]


@pytest.fixture
def others(pairs: tuple[Pair, Pair]) -> Pair:
    return pairs[1]


@pytest.fixture(scope="module")
def second_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_bundle(tmp_path_factory.mktemp("bundles") / "second", 1)


@pytest.fixture
def store(bundle_dir: Path, tmp_path: Path, ours: Pair, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A registry whose champion is published unsigned, and settings that then ask for our key."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CURESCORE_{name.upper()}", raising=False)
    made = store_in(tmp_path, bundle_dir)
    return made._replace(settings=asking(made, ours.public))


def asking(store: Store, public: Path) -> Settings:
    return Settings(home=store.home, public_key=public)


def sign(store: Store, version: int, pair: Pair, name: str = "cure") -> None:
    tracker = store.tracker
    folder = (
        tracker.folder(POLICY, version)
        if name == POLICY
        else tracker.bundle(f"models:/{name}/{version}")
    )
    tracker.sign(name, version, signed(pair.key, folder, name))


def served(store: Store) -> dict[str, str]:
    published = Published.read(store.cache)
    return {what: part.name for what, part in published.parts.items()} if published else {}


def refused(store: Store) -> Refused:
    watched = Watched.read(store.cache)
    assert watched is not None
    (only,) = watched.refused
    return only


def test_what_was_served_unsigned_is_refused_until_it_is_signed(
    store: Store, ours: Pair, others: Pair, tmp_path: Path
) -> None:
    with pytest.raises(UnsignedError, match=r"cure/1 is not signed.*`curescore sign version"):
        Following(store.settings)
    with pytest.raises(UnsignedError, match="cure/1 is not signed"):
        load_generation(store.settings)
    sign(store, 1, ours)
    assert load_generation(store.settings).models == {"cure": "cure/1"}
    look = Looking(store.settings, {}).look
    assert look() is None
    published = Published.read(store.cache)
    assert published is not None
    assert Signature.read(published.parts["cure"].signature or "").key == ours.key.key
    store.tracker._client.delete_model_version_tag("cure", "1", "ed25519_signature")
    assert look() is None  # that of the cache holds
    assert served(store) == {"cure": "cure/1"}
    assert Watched.read(store.cache).refused == ()  # type: ignore[union-attr]
    (store.home / "mlflow.db").unlink()
    following = Following(store.settings)
    assert following.current().models == {"cure": "cure/1"}
    with pytest.raises(UnsignedError, match=f"is signed by key {ours.key.key}, which is not in"):
        Following(asking(store, others.public))
    both = tmp_path / "both.pem"
    both.write_text(f"{others.public.read_text()}\n{ours.public.read_text()}")
    assert Following(asking(store, both)).current().models == {"cure": "cure/1"}
    text = store.cache / "served.json"
    text.write_text(text.read_text().replace(ours.key.key, "0" * 16))
    following.follow_once()
    assert following.current().models == {"cure": "cure/1"}
    assert [each.kind for each in following.status().refused] == ["signature"]
    assert following.status().failures == 1


def test_an_unsigned_champion_leaves_the_former_one_until_it_is_signed(
    store: Store, second_dir: Path, ours: Pair, others: Pair
) -> None:
    sign(store, 1, ours)
    store.champion(second_dir)
    look = Looking(store.settings, {}).look
    look()
    assert served(store) == {"cure": "cure/1"}
    assert (refused(store).what, refused(store).kind) == ("cure/2", "signature")
    assert "is not signed" in refused(store).why
    told = Watched.read(store.cache)
    assert told is not None
    assert told.refusals == {"signature": 1}
    sign(store, 2, others)
    look()
    assert f"signed by key {others.key.key}" in refused(store).why
    sign(store, 2, ours)
    look()
    assert served(store) == {"cure": "cure/2"}
    store.tracker.rollback("cure")
    look()
    assert served(store) == {"cure": "cure/1"}
    assert [move["signed_by"] for move in store.tracker.promotions("cure")] == [
        *(None, ours.key.key, None, others.key.key),
        *(ours.key.key, ours.key.key),
    ]


def test_a_version_that_was_cached_unsigned_is_not_served_from_an_empty_cache(
    store: Store, ours: Pair
) -> None:
    shutil.rmtree(store.cache)
    look = Looking(store.settings, {}).look
    look()
    assert Published.read(store.cache) is None
    assert refused(store).kind == "signature"
    with pytest.raises(ModelsError, match=r"no model to serve: cure/1 is not signed.*sign version"):
        Following(store.settings)
    sign(store, 1, ours)
    look()
    assert served(store) == {"cure": "cure/1"}


def _remade(folder: Path) -> None:
    """Another booster's comment, and a manifest that vouches for it."""
    (folder / BOOSTER).write_bytes((folder / BOOSTER).read_bytes() + b"\n")

    document = json.loads((folder / MANIFEST).read_text())
    document["files"][BOOSTER] = sha256_of(folder / BOOSTER)
    del document["sha256"]
    text = json_text({**document, "sha256": digest_of(document)})
    (folder / MANIFEST).write_text(text)


def _no_json(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"\xff{ no JSON")


def _booster(folder: Path) -> None:
    (folder / BOOSTER).write_text("no booster")


def _nothing(folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "text", "kind", "said"),
    [
        (_nothing, "ours", None, ""),
        (_nothing, "none", "signature", "is not signed"),
        (_nothing, "others", "signature", "which is not in CURESCORE_PUBLIC_KEY"),
        (_nothing, "moved", "signature", "is signed as early_warning, not as cure"),
        (_nothing, "renamed", "signature", "as cure: it was changed since, or the signature was"),
        (_nothing, "corrupt", "signature", "cannot be read"),
        (_nothing, "oversize", "signature", "cannot be read"),
        (_booster, "ours", "unsound", "booster.txt was changed"),
        (_remade, "ours", "signature", "it was changed since"),
        (_no_json, "ours", "signature", "it was changed since"),
        (_no_json, "none", "signature", "is not signed"),
        (_no_json, "others", "signature", "which is not in CURESCORE_PUBLIC_KEY"),
        (_no_json, "after", "unsound", "is not a manifest"),
    ],
)
def test_what_is_not_as_signed_is_refused_before_it_is_parsed(
    bundle_dir: Path,
    second_dir: Path,
    tmp_path: Path,
    ours: Pair,
    others: Pair,
    change: Callable[[Path], None],
    text: str,
    kind: str | None,
    said: str,
) -> None:
    now = Candidate(
        "cure/1", load(bundle_dir).sha256, bundle_dir, signed(ours.key, bundle_dir, "cure").text
    )
    folder = Path(shutil.copytree(second_dir, tmp_path / "second"))
    sha256, good = load(folder).sha256, signed(ours.key, folder, "cure").text
    other = signed(ours.key, folder, "early_warning").text
    change(folder)
    texts = {
        "ours": good,
        "others": signed(others.key, folder, "cure").text,
        "moved": other,
        "renamed": other.replace("early_warning", "cure"),
        "corrupt": good[:-3],
        "oversize": good + " " * 1_000,
        "after": signed(ours.key, folder, "cure").text,
    }
    new = Candidate("cure/2", sha256, folder, texts.get(text))
    verdict = verify({"cure": now}, {"cure": new}, TABLE_LIMIT, ours.keys)
    if kind is None:
        assert (verdict.parts, verdict.refused) == ({"cure": new}, {})
        return
    assert verdict.parts == {"cure": now}
    assert verdict.refused["cure"][0] == kind
    assert said in verdict.refused["cure"][1]


def test_policies_of_the_registry_have_to_be_signed_too(store: Store, ours: Pair) -> None:
    sign(store, 1, ours)
    store.tracker.promote(POLICY, store.registered(store.file("first")))
    with pytest.raises(UnsignedError, match="policy/1 is not signed"):
        load_generation(store.settings)
    bundle = store.tracker.bundle("models:/cure/1")
    store.tracker.sign(POLICY, 1, signed(ours.key, bundle, "cure"))  # of another part
    with pytest.raises(UnsignedError, match="policy/1 is signed as cure, not as policy"):
        load_generation(store.settings)
    sign(store, 1, ours, POLICY)
    sha256 = load_policy(store.file("first")).sha256
    assert load_generation(store.settings).policy.sha256 == sha256
    Looking(store.settings, {}).look()
    assert served(store) == {"cure": "cure/1", "policy": "policy/1"}
    assert Following(store.settings).current().policy.sha256 == sha256


def test_what_was_signed_as_a_challenger_may_be_tried_but_not_decide(
    store: Store, ours: Pair
) -> None:
    sign(store, 1, ours)
    tracker = store.tracker
    version = store.registered(store.file("tried"))
    folder = tracker.folder(POLICY, version)
    tracker.sign(POLICY, version, signed(ours.key, folder, CHALLENGER))
    tracker.challenge(POLICY, version)
    sha256 = load_policy(folder).sha256
    tried = load_generation(store.settings).challenger
    assert tried is not None
    assert tried.sha256 == sha256
    tracker.promote(POLICY, version)
    with pytest.raises(UnsignedError, match="policy/1 is signed as challenger, not as policy"):
        load_generation(store.settings)
    sign(store, version, ours, POLICY)
    tracker.challenge(POLICY, version)
    assert load_generation(store.settings).policy.sha256 == sha256


def test_folders_of_the_settings_have_to_be_signed(
    bundle_dir: Path, store: Store, ours: Pair
) -> None:
    models = store.home / "models"
    folder = Path(shutil.copytree(bundle_dir, models / "one"))
    file = store.file("own")

    def generation_now() -> None:
        settings = Settings(home=store.home, models=models, policy=file, public_key=ours.public)
        made = Following(settings).current()
        assert made.policy.sha256 == load_policy(file).sha256

    bundle, policy = signed(ours.key, folder, "cure"), signed(ours.key, file, POLICY)
    with pytest.raises(UnsignedError, match=r"CURESCORE_POLICY is not signed"):
        generation_now()
    signature_file(file).write_text(bundle.text)
    with pytest.raises(UnsignedError, match="CURESCORE_POLICY is signed as cure, not as policy"):
        generation_now()
    signature_file(file).write_text(policy.text)
    manifest = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_text("no JSON")
    with pytest.raises(UnsignedError, match=r"one is not signed.*`curescore sign bundle PATH`"):
        generation_now()
    (folder / MANIFEST).write_bytes(manifest)
    signature_file(folder).write_text(signed(ours.key, folder, "early_warning").text)
    with pytest.raises(UnsignedError, match="is a model of cure, and signed as early_warning"):
        generation_now()
    signature_file(folder).write_text(bundle.text)
    generation_now()


def test_the_service_does_not_start_with_an_unsigned_policy(store: Store, ours: Pair) -> None:
    settings = {
        "CURESCORE_HOME": str(store.home),
        "CURESCORE_PUBLIC_KEY": str(ours.public),
        "CURESCORE_POLICY": str(store.file("own")),
    }
    done = completed(settings, "serve", "--port", "0")
    assert done.returncode == 1
    assert "CURESCORE_POLICY is not signed" in done.stderr


def test_a_night_goes_on_with_what_was_signed_when_it_began(
    store: Store, ours: Pair, tmp_path: Path
) -> None:
    sign(store, 1, ours)
    found = served_folders(store.settings)
    run = _begun(tmp_path / "night", found, ours.keys)
    assert generation(tmp_path / "night", run, ours.keys).models == {"cure": "cure/1"}
    policy = tmp_path / "night" / OWN_POLICY / "policy.toml"
    policy.write_text(policy.read_text() + "# more\n")
    with pytest.raises(UnsignedError, match="night/policy is not signed"):
        generation(tmp_path / "night", run, ours.keys)
    unsigned = Folders(found.bundles)
    run = _begun(tmp_path / "unsigned", unsigned, None)
    with pytest.raises(UnsignedError, match="cure/1 is not signed"):
        generation(tmp_path / "unsigned", run, ours.keys)


def _begun(out: Path, found: Folders, keys: PublicKeys | None) -> Manifest:
    out.mkdir()
    now = datetime(2025, 1, 5, tzinfo=UTC)
    told = copied(out, found, generation_of(found, TABLE_LIMIT, keys))
    few = {"reasons": 5, "chunk": 10, "table_limit": TABLE_LIMIT, "versions": {}, "inputs": {}}
    return Manifest(run_id=uuid4(), decided_at=now, as_of=now, **few, **told)


def test_settings_name_a_file_of_public_keys(
    ours: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = ours.public.with_name("signing_key.pem")
    for path, said in ((tmp_path / "none", "cannot be read"), (private, "holds a private key")):
        monkeypatch.setenv("CURESCORE_PUBLIC_KEY", str(path))
        with pytest.raises(SettingsError, match=f"CURESCORE_PUBLIC_KEY: {said}"):
            load_settings()
    monkeypatch.setenv("CURESCORE_PUBLIC_KEY", str(ours.public))
    assert load_settings().public_keys == ours.keys
    monkeypatch.setenv("CURESCORE_SIGNING_KEY", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="CURESCORE_SIGNING_KEY: there is no such file"):
        load_settings()


def test_the_api_tells_every_kind_of_refusal() -> None:
    assert get_args(RefusedAnswer.model_fields["kind"].annotation) == get_args(Kind)
