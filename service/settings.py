"""Settings: environment variables CURESCORE_*, checked at start."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from features.errors import InputError, shown

if TYPE_CHECKING:
    from models.signature import PublicKeys

PREFIX = "CURESCORE_"
DATABASES = ("sqlite", "postgresql+psycopg")
URLS = ("database_url", "prune_url")
# Variables of the same prefix that are others': compose.yaml's, of notebooks, tests and signing.
OTHERS = ("PORT", "NOTEBOOK_DATA", "NOTEBOOK_HOME", "SIGNING_PASSPHRASE", "UCI_CSV")
REMEDY = "use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


class SettingsError(InputError):
    """Settings that cannot be used; the message lists each one."""

    def __init__(self, wrong: list[str]) -> None:
        lines = "".join(f"\n  {line}" for line in wrong)
        super().__init__("settings", f"{len(wrong)} cannot be used", f"Mend or unset:{lines}")


class Settings(BaseSettings):
    """What the service is told from outside; the names are the variables', in lower case."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    home: Path = Path("var")
    database_url: str = ""
    prune_url: str = ""
    tracking_uri: str = ""
    models: Path | None = None
    policy: Path | None = None
    challenger: Path | None = None
    public_key: Path | None = None  # of those whose signatures are asked for; None: none are
    signing_key: Path | None = None  # what training and promotion sign with
    auth: Literal["keys", "off"] = "keys"
    requests_per_second: int = Field(0, ge=0, le=1_000_000)  # of each key; 0: no limit
    body_limit: int = Field(10 * 2**20, ge=2**10, le=2**30)
    table_limit: int | None = Field(None, ge=0)  # None: the models' own default
    log: Literal["json", "text"] | None = None  # None: text at a terminal, else json
    reload_seconds: float = Field(5.0, ge=0, le=86_400)  # between looks at the registry; 0: one

    @field_validator(*URLS)
    @classmethod
    def _database(cls, value: str) -> str:
        if not value:  # the one at home
            return value
        try:
            url = make_url(value)
        except ArgumentError:  # its text may hold the password
            raise ValueError(f"is not a database URL; {REMEDY}") from None
        if url.drivername not in DATABASES:
            raise ValueError(f"{url.drivername} is not supported; {REMEDY}")
        if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
            raise ValueError(f"a database in memory keeps nothing; {REMEDY}")
        return value

    @field_validator("models")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("there is no such folder")
        return value

    @field_validator("policy", "challenger")
    @classmethod
    def _policy(cls, value: Path | None) -> Path | None:
        if value is not None and not value.exists():
            raise ValueError("there is no such file or policy folder")
        return value

    @field_validator("public_key")
    @classmethod
    def _keys(cls, value: Path | None) -> Path | None:
        if value is not None:
            from models.signature import read_public_keys  # loads much that is not needed else

            try:
                read_public_keys(value)
            except InputError as error:
                raise ValueError(f"{error.problem}; {error.remedy}") from None
        return value

    @field_validator("signing_key")
    @classmethod
    def _key(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @property
    def public_keys(self) -> "PublicKeys | None":
        """The keys of `public_key` as they are now, by one of which all must be signed."""
        if self.public_key is None:
            return None
        from models.signature import read_public_keys

        return read_public_keys(self.public_key)

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the decision log and the keys."""
        return self.database_url or f"sqlite:///{self.home / 'decisions.db'}"

    @property
    def pruning_database(self) -> str:
        """SQLAlchemy URL of the same database, under a role that may prune it."""
        return self.prune_url or self.database

    @property
    def tracking(self) -> str:
        """MLflow's tracking and registry URI."""
        return self.tracking_uri or f"sqlite:///{self.home / 'mlflow.db'}"

    @property
    def plans(self) -> Path:
        """Folder of the capacity plans, of which the latest is used."""
        return self.home / "plans"

    @property
    def cache(self) -> Path:
        """Folder of the bundles and policies fetched from the registry."""
        return self.home / "cache"


def load_settings() -> Settings:
    """The settings in the environment; SettingsError lists all that is wrong with them."""
    settings, wrong = found()
    if wrong:
        raise SettingsError(list(wrong.values()))
    return settings


def found() -> tuple[Settings, dict[str, str]]:
    """The settings in the environment, and by name what is wrong with any.

    A setting that is wrong has its default.
    """
    unknown = dict(_unknown())
    try:
        return Settings(), unknown
    except ValidationError as failure:
        wrong = {str(error["loc"][0]): _told(error) for error in failure.errors()}
    fields = Settings.model_fields
    return Settings(**{name: fields[name].get_default() for name in wrong}), unknown | wrong


def _unknown() -> Iterator[tuple[str, str]]:
    """Variables that look like settings and are none."""
    known = [*map(str.upper, Settings.model_fields), *OTHERS]
    for variable in sorted(os.environ):
        name = variable.removeprefix(PREFIX)
        if name != variable and name not in known:
            meant = get_close_matches(name, known, 1)
            hint = f"; did you mean {PREFIX}{meant[0]}?" if meant else ""
            yield variable, f"{variable}: there is no such setting{hint}"


def _told(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    message = error["msg"].removeprefix("Value error, ")
    # A database's URL may hold its password.
    value = "" if name in URLS else f" (got {shown(str(error['input']))})"
    return f"{PREFIX}{name.upper()}: {message}{value}"
