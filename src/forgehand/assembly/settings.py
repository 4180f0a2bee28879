"""Settings, read once at start from the environment and `.env`. Documented in docs/settings.md; a test holds both
together. Nothing else in the product reads the environment."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from forgehand.domain.policy.globs import flaw


class SettingsError(Exception):
    """The settings cannot be used; the message has one line per problem, each naming the variable and the remedy."""


class Settings(BaseSettings):
    """Every field is one environment variable: its alias. Seconds are seconds."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    # GitHub
    github_app_id: Annotated[str, Field(alias="GITHUB_APP_ID", description="The App's id (or its client id).")] = ""
    github_app_slug: Annotated[
        str, Field(alias="GITHUB_APP_SLUG", description="The App's name in URLs; learned from GitHub when empty.")
    ] = ""
    github_app_private_key: Annotated[
        SecretStr,
        Field(
            validation_alias=AliasChoices("GITHUB_APP_PRIVATE_KEY", "GITHUB_PRIVATE_KEY"),
            description="The App's private key: the PEM's content. Also read from `GITHUB_PRIVATE_KEY`.",
        ),
    ] = SecretStr("")
    github_app_private_key_file: Annotated[
        Path | None,
        Field(alias="GITHUB_APP_PRIVATE_KEY_FILE", description="A file that holds the private key, instead of it."),
    ] = None
    github_token: Annotated[
        SecretStr,
        Field(
            alias="GITHUB_TOKEN",
            description="A personal access token, used where no App is set: everything is done in that person's name, "
            "checks become commit statuses, and polls find the work.",
        ),
    ] = SecretStr("")
    github_webhook_secret: Annotated[
        SecretStr, Field(alias="GITHUB_WEBHOOK_SECRET", description="The secret that signs the App's webhooks.")
    ] = SecretStr("")
    github_webhook_secret_previous: Annotated[
        SecretStr,
        Field(
            alias="GITHUB_WEBHOOK_SECRET_PREVIOUS",
            description="The secret before it, accepted too while you rotate.",
        ),
    ] = SecretStr("")
    github_api_url: Annotated[
        str,
        Field(
            alias="GITHUB_API_URL",
            description="GitHub's REST API. Enterprise Server: `https://HOST/api/v3`.",
        ),
    ] = "https://api.github.com"

    # Doors
    port: Annotated[
        int, Field(alias="PORT", ge=0, le=65535, description="The webhook port; 0 lets the system pick.")
    ] = 8080
    host: Annotated[str, Field(alias="FORGEHAND_HOST", description="The address the webhook port binds to.")] = (
        "127.0.0.1"
    )
    admin_port: Annotated[
        int, Field(alias="FORGEHAND_ADMIN_PORT", ge=0, le=65535, description="The port of the admin pages; 0 likewise.")
    ] = 8081
    admin_host: Annotated[
        str, Field(alias="FORGEHAND_ADMIN_HOST", description="The address the admin port binds to.")
    ] = "127.0.0.1"
    admin_url: Annotated[
        str,
        Field(
            alias="FORGEHAND_ADMIN_URL",
            description="How people reach the admin pages from outside, such as `https://forgehand.example.org`; links "
            "in reviews point there, and requests for other hosts are refused. Default: the address bound to.",
        ),
    ] = ""
    admin_token: Annotated[
        SecretStr,
        Field(
            alias="FORGEHAND_ADMIN_TOKEN",
            description="A token that signs people in to the admin pages, beside the one-time link printed at start.",
        ),
    ] = SecretStr("")

    # Store
    database_url: Annotated[
        str,
        Field(
            alias="FORGEHAND_DATABASE_URL",
            description="`sqlite:///PATH`, or `postgresql://USER@HOST/NAME` for more than one machine.",
        ),
    ] = "sqlite:///data/forgehand.db"
    data_dir: Annotated[
        Path, Field(alias="FORGEHAND_DATA_DIR", description="Where git mirrors and throw-away work trees live.")
    ] = Path("data")
    secret_key: Annotated[
        SecretStr,
        Field(
            alias="FORGEHAND_SECRET_KEY",
            description="Encrypts the token cache that processes share in the store, at least 32 characters. Empty: "
            "tokens stay in each process's memory.",
        ),
    ] = SecretStr("")

    # Work
    mode: Annotated[
        Literal["comment-only", "apply"],
        Field(
            alias="FORGEHAND_MODE",
            description="What workers may do at most: `comment-only` speaks, `apply` also approves, merges and cleans "
            "up after merges, where a repository's own configuration asks for it.",
        ),
    ] = "comment-only"
    slots: Annotated[
        int, Field(alias="FORGEHAND_SLOTS", ge=1, le=256, description="Jobs that one worker process runs at a time.")
    ] = 8
    poll_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_POLL_SECONDS",
            ge=0,
            description="How often open pull requests are looked at in case webhooks were lost; 0 never.",
        ),
    ] = 300.0
    sweep_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_SWEEP_SECONDS",
            ge=0,
            description="How often GitHub is asked for failed deliveries to redeliver; 0 never.",
        ),
    ] = 300.0
    keep_days: Annotated[
        float,
        Field(
            alias="FORGEHAND_KEEP_DAYS",
            ge=8,
            description="How long deliveries, jobs and their history are kept, for replays and for the admin pages; at "
            "least 8, since GitHub redelivers for days.",
        ),
    ] = 60.0
    lease_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_LEASE_SECONDS",
            gt=0,
            description="How long a job stays with a worker process that gives no sign of life.",
        ),
    ] = 120.0
    heartbeat_seconds: Annotated[
        float, Field(alias="FORGEHAND_HEARTBEAT_SECONDS", gt=0, description="How often a worker gives one, per job.")
    ] = 30.0
    settle_seconds: Annotated[
        float,
        Field(
            alias="FORGEHAND_SETTLE_SECONDS",
            gt=0,
            description="How long after a write without an answer its result is looked up; GitHub may apply a write "
            "some 10 seconds late.",
        ),
    ] = 15.0

    # Sandbox
    sandbox: Annotated[
        Literal["auto", "container", "bwrap", "userns", "none"],
        Field(
            alias="FORGEHAND_SANDBOX",
            description="Where repositories' code runs: `auto` takes bubblewrap, else user namespaces. `container` "
            "says that the container around this process is the wall; `none` runs no code at all.",
        ),
    ] = "auto"
    sandbox_readable: Annotated[
        str,
        Field(
            alias="FORGEHAND_SANDBOX_READABLE",
            description="Folders that tests may read besides the system's, separated by colons, such as a virtual "
            "environment with what they need; the `bin` of each comes first on their PATH.",
        ),
    ] = ""
    sandbox_network: Annotated[
        bool,
        Field(
            alias="FORGEHAND_SANDBOX_NETWORK",
            description="Whether a repository's configuration may ask for the network for its tests and their setup.",
        ),
    ] = False

    # Limits of what a repository may ask for
    auto_merge: Annotated[
        bool,
        Field(
            alias="FORGEHAND_AUTO_MERGE",
            description="Whether a repository may switch automatic merges on, where `FORGEHAND_MODE` is `apply`.",
        ),
    ] = True
    ignore_findings: Annotated[
        bool,
        Field(
            alias="FORGEHAND_IGNORE_FINDINGS",
            description="Whether a repository may leave files out of what the review tells; secrets are always told.",
        ),
    ] = True
    tests: Annotated[
        bool, Field(alias="FORGEHAND_TESTS", description="Whether the tests of repositories are run at all.")
    ] = True
    test_minutes: Annotated[
        int, Field(alias="FORGEHAND_TEST_MINUTES", ge=1, description="The most minutes that tests may take.")
    ] = 60
    test_memory_mb: Annotated[
        int, Field(alias="FORGEHAND_TEST_MEMORY_MB", ge=64, description="The most memory that tests may take, in MB.")
    ] = 8192
    approvals: Annotated[
        int,
        Field(
            alias="FORGEHAND_APPROVALS",
            ge=0,
            le=20,
            description="Approvals by people who write that every pull request needs; a repository may ask for more.",
        ),
    ] = 0
    protected_paths: Annotated[
        str,
        Field(
            alias="FORGEHAND_PROTECTED_PATHS",
            description="Patterns, separated by commas: changes of these files are merged by people only. A repository "
            "may add more.",
        ),
    ] = ".github/**,.forgehand/**"

    # Logs
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="LOG_LEVEL", description="What is logged.")
    ] = "INFO"
    log_format: Annotated[
        Literal["auto", "json", "text"],
        Field(alias="FORGEHAND_LOG_FORMAT", description="`auto` is text on a terminal and JSON elsewhere."),
    ] = "auto"

    @field_validator("github_api_url")
    @classmethod
    def _over_tls(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
            return url
        raise ValueError("tokens travel there, so it must start with https:// (http:// only on this machine)")

    @field_validator("database_url")
    @classmethod
    def _known_store(cls, url: str) -> str:
        if url.startswith("sqlite:///") and url != "sqlite:///":
            return url
        if url.startswith(("postgresql://", "postgres://")):
            return url.replace("postgres://", "postgresql://", 1)
        raise ValueError("it must be sqlite:///PATH or postgresql://USER@HOST/NAME")

    @field_validator("protected_paths")
    @classmethod
    def _patterns(cls, text: str) -> str:
        for glob in split(text):
            if why := flaw(glob):
                raise ValueError(f"{glob} is no pattern: {why}")
        return text

    @model_validator(mode="after")
    def _beats_often_enough(self) -> Self:
        if self.heartbeat_seconds > self.lease_seconds / 4:
            raise ValueError(
                "FORGEHAND_HEARTBEAT_SECONDS must be at most a quarter of FORGEHAND_LEASE_SECONDS, or jobs lose their "
                "lease while they run"
            )
        return self

    @property
    def private_key(self) -> str:
        """The PEM, wherever it was given. `\\n` written out, as many secret stores keep it, is understood."""
        if self.github_app_private_key_file and not self.github_app_private_key.get_secret_value():
            try:
                return self.github_app_private_key_file.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is no text"
                raise SettingsError(
                    f"GITHUB_APP_PRIVATE_KEY_FILE names {self.github_app_private_key_file}, which cannot be read "
                    f"({why}): give the path of the .pem that GitHub handed out"
                ) from None
        return self.github_app_private_key.get_secret_value().replace("\\n", "\n")

    @property
    def person(self) -> str:
        """The personal access token in use; empty where an App is set."""
        return "" if self.github_app_id else self.github_token.get_secret_value()

    @property
    def database_file(self) -> Path | None:
        """The full path of SQLite's file; None on PostgreSQL."""
        if self.shared_database:
            return None
        return Path(self.database_url.removeprefix("sqlite:///")).absolute()

    @property
    def database_shown(self) -> str:
        """Where the store is, for people: the file's full path, or the server's address without a password."""
        if self.database_file:
            return str(self.database_file)
        parts = urlsplit(self.database_url)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def database_password(self) -> str:
        """The password in the database's address, empty where there is none."""
        return urlsplit(self.database_url).password or ""

    @property
    def sandbox_folders(self) -> tuple[Path, ...]:
        """The folders that tests may read besides the system's."""
        return tuple(Path(each) for each in self.sandbox_readable.split(":") if each.strip())

    @property
    def private_paths(self) -> tuple[Path, ...]:
        """What no code of a repository may ever read: the settings, the key, the store, the data."""
        files = (Path(".env"), self.github_app_private_key_file, self.database_file, self.data_dir)
        return tuple(each.absolute() for each in files if each is not None)

    @property
    def private_key_lines(self) -> list[str]:
        """The key's lines of text, each a secret that a log might show; empty where there is no readable key."""
        try:
            return [line for line in self.private_key.splitlines() if line and not line.startswith("-----")]
        except SettingsError:
            return []

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        both = (self.github_webhook_secret, self.github_webhook_secret_previous)
        return tuple(secret.get_secret_value().encode() for secret in both if secret.get_secret_value())

    @property
    def shared_database(self) -> bool:
        """Whether other machines can share the store, and so want to be woken."""
        return not self.database_url.startswith("sqlite")

    @property
    def admin_base_url(self) -> str:
        """The admin pages' address in links, without a slash at its end."""
        if self.admin_url:
            return self.admin_url.rstrip("/")
        # What is bound to every address is reached, from here, at the loopback one.
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.admin_host, self.admin_host)  # noqa: S104
        return f"http://{host}:{self.admin_port}"

    @property
    def github_url(self) -> str:
        """Where people and git go: the API's host without its API parts."""
        api = self.github_api_url.rstrip("/")
        if api == "https://api.github.com":
            return "https://github.com"
        # Data residency: api.OCTO.ghe.com belongs to OCTO.ghe.com.
        return re.sub(r"^https://api\.([\w-]+\.ghe\.com)$", r"https://\1", api.removesuffix("/api/v3"))

    def to_json(self) -> bytes:
        """Everything, secrets in clear: only for the pipe between our own processes."""
        plain = {name: getattr(self, name) for name in type(self).model_fields}
        shown = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in plain.items()
        }
        return json.dumps(shown, default=str).encode()

    @classmethod
    def from_json(cls, line: bytes) -> "Settings":
        """What `to_json` wrote, with no look at the environment."""
        return cls.model_construct(**_typed(json.loads(line)))

    def missing(self, *, webhooks: bool = True) -> list[str]:
        """What a running App needs and lacks, or has too weak, one sentence each. Without `webhooks`, none come in."""
        problems = []
        if self.person:
            if not self.poll_seconds:
                problems.append("FORGEHAND_POLL_SECONDS is 0, and with a personal token only polls find work")
            return [*problems, *self._weak()]
        if not self.github_app_id:
            problems.append(
                "GITHUB_APP_ID is not set: the App's id, on its settings page; `forgehand init` makes an App; or set "
                "GITHUB_TOKEN to a personal access token"
            )
        if not self.github_app_private_key.get_secret_value() and not self.github_app_private_key_file:
            problems.append(
                "GITHUB_APP_PRIVATE_KEY is not set: generate a private key on the App's settings page, and give its "
                "content here or its path in GITHUB_APP_PRIVATE_KEY_FILE"
            )
        elif problem := self._key_problem():
            problems.append(problem)
        if webhooks and not self.webhook_secrets:
            problems.append(
                "GITHUB_WEBHOOK_SECRET is not set: the secret of the App's webhook; without it anyone could send events"
            )
        return [*problems, *self._weak()]

    def _key_problem(self) -> str:
        """Why the private key that is given is none; empty where it is one."""
        # Imported here: what never looks at the key should not wait for it.
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            if isinstance(load_pem_private_key(self.private_key.encode(), password=None), RSAPrivateKey):
                return ""
        except SettingsError as error:
            return str(error)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            pass
        in_line = bool(self.github_app_private_key.get_secret_value())
        where = (
            "GITHUB_APP_PRIVATE_KEY holds something that"
            if in_line
            else f"GITHUB_APP_PRIVATE_KEY_FILE names {self.github_app_private_key_file}, which"
        )
        return (
            f"{where} is no RSA private key in PEM form: GitHub's begins with “-----BEGIN RSA PRIVATE KEY-----”; "
            "generate one on the App's settings page"
        )

    def _weak(self) -> list[str]:
        short = (
            ("FORGEHAND_ADMIN_TOKEN", self.admin_token, 24),
            ("FORGEHAND_SECRET_KEY", self.secret_key, 32),
        )
        return [
            f"{name} has fewer than {least} characters and could be guessed: make one with `openssl rand -hex 32`"
            for name, secret, least in short
            if 0 < len(secret.get_secret_value()) < least
        ]


def split(text: str) -> tuple[str, ...]:
    """The parts of a list that is separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _typed(plain: dict[str, Any]) -> dict[str, Any]:
    """JSON's plain values as the fields' own types; they were validated when they were first read."""
    secrets = {name for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    paths = {"data_dir", "github_app_private_key_file"}
    return {
        name: SecretStr(value) if name in secrets else Path(value) if name in paths and value else value
        for name, value in plain.items()
    }


def read_settings(**given: object) -> Settings:
    """The settings from the environment and `.env`, `given` (by field name) first. Raises SettingsError."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(map(_sentence, error.errors()))) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SettingsError(f".env cannot be read ({why}): make it readable, or run this in another folder") from None


def _sentence(error: ErrorDetails) -> str:
    """One line for people. Only a number or a choice is shown as it was given: anything else may hold a secret."""
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name, field = _field(str(error["loc"][0]))
    if error["type"] == "literal_error":
        choices = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
        message = f"{error['input']!r} is not one of {choices}"
    elif field and field.annotation in (int, float):
        message = f"{error['input']!r} is not {_number(field)}"
    return f"{name}: {message}; see docs/settings.md"


def _field(loc: str) -> tuple[str, FieldInfo | None]:
    """The variable and the field of an error's place, which is either's name."""
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variables = [str(each) for each in alias.choices] if isinstance(alias, AliasChoices) else [str(alias or name)]
        if loc in (name, *variables):
            return variables[0], field
    return loc, None


def _number(field: FieldInfo) -> str:
    """What a number may be: `a whole number from 0 to 65535`."""
    kind = "a whole number" if field.annotation is int else "a number"
    limits = {type(each).__name__: getattr(each, type(each).__name__.lower(), None) for each in field.metadata}
    match limits:
        case {"Ge": least, "Le": most}:
            return f"{kind} from {least} to {most}"
        case {"Ge": least}:
            return f"{kind} of at least {least}"
        case {"Gt": least}:
            return f"{kind} above {least}"
    return kind


def ready_settings(*, webhooks: bool = True, **given: object) -> Settings:
    """The same, complete enough to run the App; raises SettingsError that lists everything missing at once."""
    settings = read_settings(**given)
    if problems := settings.missing(webhooks=webhooks):
        raise SettingsError("\n".join(problems))
    return settings
