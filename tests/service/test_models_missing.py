"""Pages of models where something is missing, refused, or not what it should be."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.target import TARGETS
from service.review.labels.catalogue import LABELS
from service.served.evidence import EVALUATION, EXPLAINED
from service.served.published import WATCHED, Refused, Watched
from tests.service.conftest import Client
from tests.service.evidences import Told
from tests.service.told_pages import (
    Document,
    bundle_of,
    change_evidence,
    changed_client,
    document_of,
    documents,
    read,
    told_client,
)

# Of MLflow's use of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def evaluation(told: Told) -> Document:
    return document_of(told, "champion", EVALUATION)


def test_what_the_registry_holds_is_escaped(told: Told, tmp_path: Path, engine: sa.Engine) -> None:
    mark = "<script>alert(1)</script>"

    def spoil(document: Document) -> None:
        for name in ("cure", "policy"):
            moves = document["models"][name]["promotions"]
            moves[0] |= {"reason": mark, "who": mark, "signed_by": mark, "forced": True}
            check = {"check": mark, "figure": mark, "bound": mark, "passed": False}
            moves[0]["checks"] = [check]
            for version in document["models"][name]["versions"]:
                version["withheld"] = mark

    client = changed_client(told, tmp_path, engine, change_evidence(spoil))
    for path in ("/review/models/cure", "/review/policies"):
        html = client.get(path).text
        assert "<script>alert" not in html
        assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6
        assert 'style="' not in html


def test_long_histories_are_told_whole(told: Told, tmp_path: Path, engine: sa.Engine) -> None:
    def lengthen(document: Document) -> None:
        moves: list[dict[str, Any]] = document["models"]["cure"]["promotions"]
        one = moves[0] | {"reason": "r" * 500, "who": "w" * 64}
        moves += [one] * (50 - len(moves))

    page = read(
        changed_client(told, tmp_path, engine, change_evidence(lengthen)), "/review/models/cure"
    )
    assert len([row for row in page.table("When") if len(row) == 6]) == 50
    assert "r" * 500 in page.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_documents_the_rest_is_told(
    told: Told, tmp_path: Path, engine: sa.Engine, language: str
) -> None:
    def lose(cache: Path) -> None:
        for name in (EVALUATION, EXPLAINED):
            for path in documents(cache, name):
                path.unlink()

    page = read(
        changed_client(told, tmp_path, engine, lose), f"/review/models/cure?lang={language}"
    )
    assert getattr(LABELS["model_no_document_long"], language) in page.text
    assert bundle_of(told_client(told, engine)).sha256 in page.text
    assert len(page.table(getattr(LABELS["promotion_at"], language))) >= 4
    assert page.charts == []


def test_a_document_of_an_earlier_version_counts_as_missing(
    told: Told, tmp_path: Path, engine: sa.Engine
) -> None:
    def age(cache: Path) -> None:
        for path in documents(cache, EVALUATION):
            path.write_text(json.dumps({"test": {"auc": 0.8}, "train": {}}))
        for path in documents(cache, EXPLAINED):
            path.write_text("[]")

    page = read(changed_client(told, tmp_path, engine, age), "/review/models/cure")
    assert LABELS["model_no_document_long"].en in page.text


def test_without_what_pictures_are_drawn_from_measures_are_told(
    told: Told, tmp_path: Path, engine: sa.Engine, evaluation: Document
) -> None:
    def lose(cache: Path) -> None:
        for path in documents(cache, EXPLAINED):
            path.unlink()

    page = read(changed_client(told, tmp_path, engine, lose), "/review/models/cure")
    assert LABELS["drawn_none"].en in page.text
    assert f"{evaluation['test']['ks']:.3f}" in page.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_a_registry_what_is_served_is_told(client: Client, language: str) -> None:
    bundle = bundle_of(client)
    for path in ("/review/models", "/review/models/cure"):
        page = read(client, f"{path}?lang={language}")
        assert bundle.sha256 in page.text
    assert (
        getattr(LABELS["model_not_watched"], language)
        in read(client, f"/review/models?lang={language}").text
    )
    assert getattr(LABELS["promotion_none"], language) in page.text
    absent = read(client, f"/review/models/early_warning?lang={language}")
    assert "curescore train --data DIR --target early_warning" in absent.text


def test_what_is_refused_is_told_with_its_reason(
    told: Told, tmp_path: Path, engine: sa.Engine
) -> None:
    def refuse(cache: Path) -> None:
        since = datetime(2025, 7, 1, 9, 30, tzinfo=UTC)
        why = "booster.txt was changed: restore the bundle or train anew"
        refused = (Refused(what="cure/3", kind="unsound", why=why, since=since),)
        Watched(looked_at=since, answers=False, problem="timed out", refused=refused).write(cache)
        assert (cache / WATCHED).is_file()

    client = changed_client(told, tmp_path, engine, refuse)
    overview = read(client, "/review/models")
    assert "timed out" in overview.text
    for page in (overview, read(client, "/review/models/cure")):
        step, why, since = page.row("cure/3")
        assert (step, since) == ("verifying", "Jul 1, 2025, 09:30:00 UTC")
        assert why.startswith("booster.txt was changed")
    assert "cure/3" not in read(client, "/review/models/early_warning").text


def test_there_are_only_the_targets(client: Client) -> None:
    assert client.get("/review/models/else").status_code == 404
    assert [client.get(f"/review/models/{name}").status_code for name in TARGETS] == [200, 200]
