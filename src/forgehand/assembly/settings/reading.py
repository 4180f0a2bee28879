"""Settings from the environment and `.env`, or sentences that say which variable is wrong and what it may be."""

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from forgehand.assembly.settings.errors import SettingsError
from forgehand.assembly.settings.names import variables
from forgehand.assembly.settings.whole import Settings


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
    """One line for people. Only numbers, choices and booleans are shown as given: all else may hold a secret."""
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name, field = _field(str(error["loc"][0]))
    if error["type"] == "literal_error":
        choices = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
        message = f"{error['input']!r} is not one of {choices}"
    elif field and field.annotation in (int, float):
        message = f"{error['input']!r} is not {_number(field)}"
    elif field and field.annotation is bool:
        message = f"{error['input']!r} is neither true nor false"
    return f"{name}: {message}; see docs/settings.md"


def _field(loc: str) -> tuple[str, FieldInfo | None]:
    """The variable and the field of an error's place, which is either's name."""
    for name, field in Settings.model_fields.items():
        given = variables(name, field)
        if loc in (name, *given):
            return given[0], field
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
