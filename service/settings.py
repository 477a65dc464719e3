"""Settings: environment variables CURESCORE_*, checked at start."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from features.errors import InputError, shown

PREFIX = "CURESCORE_"
DATABASES = ("sqlite", "postgresql+psycopg")
URLS = ("database_url", "prune_url")
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
    auth: Literal["keys", "off"] = "keys"
    body_limit: int = Field(10 * 2**20, ge=2**10, le=2**30)
    table_limit: int | None = Field(None, ge=0)  # None: the models' own default
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
    try:
        return Settings()
    except ValidationError as failure:
        raise SettingsError([_told(error) for error in failure.errors()]) from None


def _told(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    message = error["msg"].removeprefix("Value error, ")
    # A database's URL may hold its password.
    value = "" if name in URLS else f" (got {shown(str(error['input']))})"
    return f"{PREFIX}{name.upper()}: {message}{value}"
