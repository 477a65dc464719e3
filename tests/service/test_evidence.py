"""Evidence of a real registry: gathered whole, kept when it is gone, and nothing else let in."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import sqlalchemy as sa

from models.score.bundle import load
from models.signature import TAG as SIGNATURE_TAG
from service.app import create_app
from service.served.evidence import (
    CURRENT,
    EVALUATION,
    EXPLAINED,
    PROPOSED,
    VALUE,
    Evidence,
    Evidences,
    Registered,
    document,
)
from service.served.gathering import LARGEST, VERSIONS, Gathering
from service.served.looking import Looking
from service.served.moves import MOST
from service.served.reload import load_generation
from service.served.watching import watched
from service.settings import Settings
from tests import plain, waits
from tests.bundles import small_bundle
from tests.registries import Store, other_bundle, store_in
from tests.servers import free_port
from tests.service.evidences import REASON, Told
from training.pipeline import EXPLAINED as TRAINED_EXPLAINED
from training.promotion import net_value
from training.promotions import Grounds
from training.registry import POLICY
from training.tracking import BUNDLE, Tracker

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # mlflow's use of SQLAlchemy
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


class Home(NamedTuple):
    """A home whose first model of cures was recorded with no documents."""

    store: Store
    first: Path
    second: Path

    @property
    def cache(self) -> Path:
        return self.store.cache

    def gathering(self) -> Gathering:
        return Gathering(self.store.settings)

    def evidence(self) -> Evidence:
        found = Evidence.read(self.cache)
        assert found is not None
        return found

    def cure(self) -> Registered:
        return self.evidence().models["cure"]

    def recorded(self, files: dict[str, str], sha256: str | None = None) -> int:
        """A new challenger: the second bundle, with these files beside it in its run."""
        number = len(list(self.store.home.glob("run-*")))
        folder = self.store.home / f"run-{number}"
        shutil.copytree(self.second, folder / BUNDLE)
        for name, text in files.items():
            (folder / name).write_text(text)
        tags = {"bundle_sha256": sha256 or load(self.second).sha256}
        return self.store.tracker.record("cure", folder, {}, {}, tags).version

    def sound(self) -> dict[str, str]:
        """Files of a run as they should be."""
        about = {"bundle_sha256": load(self.second).sha256}
        return {EVALUATION: json.dumps(about), EXPLAINED: json.dumps(about | {"n": 3})}

    def documents(self) -> tuple[str, ...]:
        """What is at hand of the challenger."""
        cure = self.cure()
        challenger = cure.version(cure.challenger)
        assert challenger is not None
        on_disk = self.cache / "evidence" / str(challenger.run_id)
        assert {each.name for each in on_disk.glob("*")} == set(challenger.documents)
        return challenger.documents

    def tag(self, key: str, text: str) -> None:
        self.store.tracker._client.set_registered_model_tag("cure", key, text)


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """The address of a server of MLflow, which keeps all it has in the folder."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    where = ["--backend-store-uri", f"sqlite:///{folder}/server.db"]
    where += ["--artifacts-destination", str(folder / "served"), "--port", str(port)]
    words = [sys.executable, "-m", "mlflow", "server", *where, "--workers", "1"]
    with subprocess.Popen(
        words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            waits.until(lambda: answers(f"{address}/health"))
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def answers(address: str) -> bool:
    try:
        return plain.get(address).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def second_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return other_bundle(tmp_path_factory.mktemp("bundles") / "second", 1)


@pytest.fixture
def home(bundle_dir: Path, second_dir: Path, tmp_path: Path) -> Home:
    return Home(store_in(tmp_path, bundle_dir), bundle_dir, second_dir)


def test_what_training_and_promotion_found_comes_to_the_pages(told: Told) -> None:
    evidence = Evidence.read(told.cache)
    assert evidence is not None
    assert list(evidence.models) == ["cure", "policy"]  # there is no early_warning
    for name, documents in (("cure", (EVALUATION, EXPLAINED)), (POLICY, (VALUE,))):
        model = evidence.models[name]
        assert (model.champion, model.challenger) == (1, 2)
        assert [each.version for each in model.versions] == [2, 1]
        for version in model.versions:
            assert version.documents == documents
            assert not version.signed
            for each in documents:
                found = document(told.cache, str(version.run_id), each)
                assert found == json.loads(
                    (told.run_folder(name, version.version) / each).read_text()
                )
        moves = [each.model_dump(mode="json") for each in reversed(model.promotions)]
        names = {"from": "from_version", "to": "to_version"}
        assert moves == [
            {names.get(key, key): value for key, value in move.items()}
            for move in told.tracker.promotions(name)
        ]
    forced = evidence.models["cure"].promotions[2]
    assert (forced.forced, forced.reason) == (True, REASON)
    assert not all(check["passed"] for check in forced.checks)


def test_the_names_are_those_of_training() -> None:
    assert (EXPLAINED, VALUE) == (TRAINED_EXPLAINED, net_value.DOCUMENT)
    assert (CURRENT, PROPOSED) == (net_value.CURRENT, net_value.PROPOSED)


def test_nothing_is_written_where_nothing_is_new(home: Home) -> None:
    home.recorded(home.sound())
    gathering = home.gathering()
    gathering.gather()
    assert home.documents() == (EVALUATION, EXPLAINED)
    before = (home.cache / "evidence.json").stat()
    gathering.gather()
    home.gathering().gather()  # as another process
    assert (home.cache / "evidence.json").stat() == before
    home.store.tracker.promote("cure", 2, Grounds("it is better"))
    gathering.gather()
    assert (home.cure().champion, home.cure().challenger) == (2, None)
    assert home.cure().promotions[0].reason == "it is better"


def test_files_of_runs_that_no_alias_names_go(home: Home) -> None:
    gathering = home.gathering()
    home.recorded(home.sound())
    gathering.gather()
    (old,) = (home.cache / "evidence").iterdir()
    home.recorded(home.sound())
    gathering.gather()
    (new,) = (home.cache / "evidence").iterdir()
    assert new != old
    known = home.cure().version(2)
    assert known is not None
    assert (known.run_id, known.documents) == (old.name, ())


def test_what_is_served_keeps_its_documents_though_it_is_champion_no_more(home: Home) -> None:
    home.store.tracker.promote("cure", home.recorded(home.sound()))
    assert Looking(home.store.settings, {}).look() is None
    home.store.champion(home.first, damaged="booster.txt")
    Looking(home.store.settings, {}).look()
    home.gathering().gather()
    served, champion = home.cure().version(2), home.cure().version(3)
    assert home.cure().champion == 3
    assert served is not None
    assert champion is not None
    assert (served.documents, champion.documents) == ((EVALUATION, EXPLAINED), ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"bundle_sha256": ', "is no JSON object"),
        ("[1]", "is no JSON object"),
        ("[" * 100_000, "is no JSON object"),
        ('{"bundle_sha256": "' + "0" * 64 + '"}', "is about something else"),
        ('{"bundle_sha256": ["a"]}', "is about something else"),
        ("{}" + " " * LARGEST, "is too large"),
    ],
    ids=["cut", "list", "deep", "other", "odd", "large"],
)
def test_a_document_that_is_not_what_it_should_be_is_refused_once(
    home: Home, text: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    home.recorded(home.sound() | {EXPLAINED: text})
    gathering = home.gathering()
    with caplog.at_level(logging.WARNING, "service.served.gathering"):
        gathering.gather()
        gathering.gather()
    assert home.documents() == (EVALUATION,)
    (line,) = caplog.messages
    assert line.endswith(f"is refused: it {why}")


def test_a_version_without_a_digest_has_no_documents(home: Home) -> None:
    home.recorded(home.sound(), sha256="../../elsewhere")
    home.gathering().gather()
    assert home.documents() == ()
    assert home.cure().versions[0].sha256 is None


def test_a_value_that_is_of_another_policy_is_refused(home: Home) -> None:
    source = home.store.file("first")
    about = {"sha256": "0" * 64, "estimate_sha256": None}
    made = home.store.home / "runs" / source.stem
    made.mkdir(parents=True)
    for policies in ({PROPOSED: {"file": about}}, {PROPOSED: {"file": None}}, {}, None):
        (made / VALUE).write_text(json.dumps({"policies": policies}))
        home.store.tracker.promote(POLICY, home.store.registered(source))
        shutil.rmtree(made / POLICY)
        home.gathering().gather()
        policy = home.evidence().models[POLICY]
        assert policy.versions[0].version == policy.champion
        assert policy.versions[0].documents == ()


def test_a_registry_that_is_gone_leaves_what_was_gathered(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    home.recorded(home.sound())
    gathering = home.gathering()
    gathering.gather()
    before = (home.cache / "evidence.json").read_bytes()
    (home.store.home / "mlflow.db").rename(home.store.home / "away.db")
    with caplog.at_level(logging.WARNING, "service.served.gathering"):
        gathering.gather()
        gathering.gather()
        home.gathering().gather()
    assert len(caplog.messages) == 2  # one of either process
    assert (home.cache / "evidence.json").read_bytes() == before
    assert home.documents() == (EVALUATION, EXPLAINED)
    assert not (home.store.home / "mlflow.db").exists()  # no client made an empty one
    (home.store.home / "away.db").rename(home.store.home / "mlflow.db")
    home.store.tracker.promote("cure", 2)
    gathering.gather()
    assert home.cure().champion == 2


def test_a_store_of_files_that_is_gone_leaves_the_documents(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    version = home.recorded(home.sound())
    files = home.store.tracker.bundle(f"models:/cure/{version}").parents[2]
    files.rename(home.store.home / "away")
    gathering = home.gathering()
    with caplog.at_level(logging.WARNING, "service.served.gathering"):
        gathering.gather()
        gathering.gather()
    assert len(caplog.messages) == 1
    assert home.documents() == ()
    (home.store.home / "away").rename(files)
    gathering.gather()
    assert home.documents() == (EVALUATION, EXPLAINED)


def test_a_damaged_file_is_fetched_by_the_next_process_and_a_lost_one_at_once(
    home: Home,
) -> None:
    home.recorded(home.sound())
    gathering = home.gathering()
    gathering.gather()
    (folder,) = (home.cache / "evidence").iterdir()
    (folder / EXPLAINED).write_text("{")
    assert document(home.cache, folder.name, EXPLAINED) is None
    home.gathering().gather()
    assert document(home.cache, folder.name, EXPLAINED) == json.loads(home.sound()[EXPLAINED])
    (folder / EXPLAINED).unlink()
    gathering.gather()
    assert home.documents() == (EVALUATION, EXPLAINED)
    shutil.rmtree(home.cache / "evidence")
    (home.cache / "evidence.json").unlink()
    gathering.gather()
    assert home.documents() == (EVALUATION, EXPLAINED)
    (home.cache / "evidence" / ".fetched-left").mkdir()
    home.gathering()
    assert not list((home.cache / "evidence").glob(".*"))


def test_moves_in_odd_tags_are_left_out(home: Home) -> None:
    home.gathering().gather()
    (sound,) = home.cure().promotions
    told: dict[str, Any] = json.loads(json.dumps(sound.model_dump(mode="json")))
    told["from"], told["to"] = told.pop("from_version"), told.pop("to_version")
    check = {"check": "ECE", "figure": 0.01, "bound": "<= 0.03", "passed": True}
    odd: list[dict[str, Any]] = [
        {"action": "crown"},
        {"at": "yesterday"},
        {"to": None},
        {"who": ["me"]},
        {"checks": None},
        {"checks": [{"check": "ECE"}]},
        {"checks": [check | {"figure": {"a": 1}}]},
        {"checks": [check | {"figure": float("nan")}]},
        {"reason": "long" * 3_000},
    ]
    texts = [json.dumps(told | changed) for changed in odd]
    texts += ["", "null", "[]", "{", "[" * 9_000, '"text"', "1"]
    for number, text in enumerate(texts):
        home.tag(f"promotion.3026-01-01T00:00:{number:02d}.000000Z", text)
    newer = told | {"checks": [check], "said_by": "a later version"}
    home.tag("promotion.3027-01-01T00:00:00.000000Z", json.dumps(newer))
    home.gathering().gather()
    found = home.cure().promotions
    assert found == (sound.model_copy(update={"checks": (check,)}), sound)


def test_as_many_versions_and_moves_as_a_page_shows(home: Home) -> None:
    for number in range(MOST + 5):
        home.store.tracker.challenge("cure", 1, Grounds(str(number)))
    for _ in range(VERSIONS + 2):
        client = home.store.tracker._client
        source = client.get_model_version("cure", "1").source
        client.create_model_version("cure", source, None, tags={"withheld": "w" * 9_000})
    home.gathering().gather()
    cure = home.cure()
    assert [each.reason for each in cure.promotions] == [str(MOST + 4 - k) for k in range(MOST)]
    newest = list(range(VERSIONS + 3, 3, -1))
    assert [each.version for each in cure.versions] == [*newest, 1]  # the champion too
    assert cure.versions[0].run_id is None
    assert len(str(cure.versions[0].withheld)) == 400


def test_a_signed_version_says_so(home: Home) -> None:
    home.store.tracker._client.set_model_version_tag("cure", "1", SIGNATURE_TAG, "a signature")
    home.gathering().gather()
    assert home.cure().versions[0].signed


def test_a_server_is_asked_alike_and_its_runs_have_addresses(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as address:
        tracker = Tracker(address)
        run = tmp_path / "run"
        made = {"bundle_sha256": "a" * 64}
        shutil.copytree(small_bundle(tmp_path / "bundle"), run / BUNDLE)
        for name in (EVALUATION, EXPLAINED):
            (run / name).write_text(json.dumps(made))
        recorded = tracker.record("cure", run, {}, {}, made)
        tracking = address.replace("http://", "http://somebody:hidden@") + "/"
        settings = Settings(home=tmp_path / "home", tracking_uri=tracking, database_url="")
        gathering = Gathering(settings)

        def gathered() -> Evidence | None:
            """It does not wait for long, and the server may be slow at first."""
            gathering.gather()
            return Evidence.read(settings.cache)

        waits.until(lambda: gathered() is not None)
        experiment = tracker._client.get_experiment_by_name("cure").experiment_id
    evidence = Evidence.read(settings.cache)
    assert evidence is not None
    (version,) = evidence.models["cure"].versions
    assert version.documents == (EVALUATION, EXPLAINED)
    assert version.run_link == f"{address}/#/experiments/{experiment}/runs/{recorded.run_id}"
    assert document(settings.cache, recorded.run_id, EVALUATION) == made


def test_what_the_pages_read_follows_the_cache(home: Home) -> None:
    evidences = Evidences(home.cache)
    assert evidences.now() is None
    home.gathering().gather()
    first = evidences.now()
    assert first is not None
    assert evidences.now() is first  # not read again
    version = home.recorded(home.sound())
    home.gathering().gather()
    now = evidences.now()
    assert now is not None
    challenger = now.models["cure"].version(version)
    assert challenger is not None
    run_id = str(challenger.run_id)
    assert evidences.document(run_id, EXPLAINED) == json.loads(home.sound()[EXPLAINED])
    (home.cache / "evidence" / run_id / EXPLAINED).write_text("[]")
    assert evidences.document(run_id, EXPLAINED) is None
    assert evidences.document(run_id, VALUE) is None
    (home.cache / "evidence.json").write_text("{}")
    assert evidences.now() is None


@pytest.mark.parametrize("run_id", ["..", "../evidence", "", "a" * 32, "A" * 32, "/etc"])
def test_only_documents_of_runs_are_read(home: Home, run_id: str) -> None:
    (home.cache / EVALUATION).write_text("{}")
    (home.cache / "evidence").mkdir()
    assert document(home.cache, run_id, EVALUATION) is None
    assert document(home.cache, "0" * 32, "../../served.json") is None


def test_the_service_shows_evidence_only_where_a_registry_is_watched(
    told: Told, engine: sa.Engine
) -> None:
    generation = load_generation(told.settings)
    for models, shown in ((None, True), (told.tracker.bundle("models:/cure/1"), False)):
        settings = told.settings.model_copy(update={"models": models})
        app = create_app(settings, engine, lambda: generation)
        assert (app.state.parts.evidence.now() is not None) == shown


def test_the_watching_process_gathers(home: Home) -> None:
    settings = home.store.settings.model_copy(update={"reload_seconds": 0.2})
    with watched(settings, {"version": 1}) as watching:
        assert watching is not None
        watching.wait()
        waits.until(lambda: Evidence.read(home.cache) is not None)
        home.store.tracker.promote("cure", home.recorded(home.sound()))
        waits.until(lambda: home.cure().champion == 2)
        assert home.cure().versions[0].documents == (EVALUATION, EXPLAINED)


def test_what_is_asked_for_soon_does_not_wait(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.served.gathering.EVERY_SECONDS", 3_600.0)
    gathering = home.gathering()
    gathering.start()
    waits.until(lambda: Evidence.read(home.cache) is not None)
    home.recorded(home.sound())
    gathering.soon()
    waits.until(lambda: home.cure().challenger == 2)


def test_a_process_that_looks_once_gathers_once(home: Home) -> None:
    settings = home.store.settings.model_copy(update={"reload_seconds": 0.0})
    with watched(settings, {"version": 1}):
        waits.until(lambda: Evidence.read(home.cache) is not None)
    assert home.cure().champion == 1
