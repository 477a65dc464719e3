"""Bodies of answers about the service itself, as OpenAPI shows them."""

from typing import Literal

from pydantic import Field

from service.intensity_answer import Answer


class HealthAnswer(Answer):
    """The process answers."""

    status: Literal["ok"]


class ServedBundleAnswer(Answer):
    """A bundle that is served, by the name and version it is served under."""

    name: str
    sha256: str


class RefusedAnswer(Answer):
    """What is not served though it is named: what went on in its place is served still."""

    what: str = Field(description="name and version, or the generation that could not be loaded")
    kind: Literal["fetch", "signature", "unsound", "unfit", "absent", "ended", "load"] = Field(
        description="where it failed: it could not be fetched, is not sound by itself, does not "
        "go with the other parts, no champion is named, the process that verified it ended, or "
        "this worker could not load it"
    )
    why: str
    since: str


class ServedModelsAnswer(Answer):
    """What this worker serves, what is refused, and when the registry was last looked at.

    `sequence` numbers the generations that all workers follow; null where the settings name the
    models, and nothing is watched.
    """

    sequence: int | None
    since: str
    bundles: dict[str, ServedBundleAnswer]
    policy_sha256: str
    challenger_sha256: str | None
    refused: list[RefusedAnswer]
    registry: Literal["answers", "does not answer", "not asked"]
    looked_at: str | None
    problem: str | None = Field(description="why the registry does not answer")


class LogAnswer(Answer):
    """Whether the database takes decisions; `problem` says why it does not."""

    writable: bool
    problem: str | None


class RulesInForceAnswer(Answer):
    """The rules that this version has: how many hold today, and how many begin later."""

    version: str
    in_force: int
    later: int


class ServedPricesAnswer(Answer):
    """The capacity plan in force.

    It is stale once it is older than a decision stays valid, and fits where it was made with the
    models, policy and rules that are served.
    """

    plan: str
    as_of: str
    age_days: float
    valid_days: int
    stale: bool
    fits: bool


class ReadinessAnswer(Answer):
    """Whether decisions can be made and recorded; what keeps them from it stands in `failed`.

    What is refused, a registry that does not answer, and stale prices do not: what was served goes
    on. `prices` is null where there is no capacity plan.
    """

    ready: bool
    failed: list[str]
    log: LogAnswer
    models: ServedModelsAnswer
    rules: RulesInForceAnswer
    prices: ServedPricesAnswer | None
