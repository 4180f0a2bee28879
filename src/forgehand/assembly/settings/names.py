"""Which environment variables are settings, and which only look like one. Used by `reading` and `forgehand doctor`."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from forgehand.assembly.settings.whole import Settings

OURS = "FORGEHAND_"


@dataclass(frozen=True, slots=True)
class Stray:
    """A variable that no setting reads. `nearest` is the setting that may be meant, empty where none is like it."""

    name: str
    nearest: str


def strays() -> list[Stray]:
    """Those of the environment and `.env` that are called as settings are and are none. Their values stay unseen."""
    return strays_of({*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars})


def strays_of(names: Iterable[str]) -> list[Stray]:
    """Those of `names`, which may be in any case, by name."""
    known = [each for name, field in Settings.model_fields.items() for each in variables(name, field)]
    ours = sorted({name.upper() for name in names if name.upper().startswith(OURS)} - set(known))
    return [Stray(name, next(iter(get_close_matches(name, known, 1, 0.8)), "")) for name in ours]


def variables(name: str, field: FieldInfo) -> list[str]:
    """The variables that give a field of this name; the first is the one we tell people of."""
    alias = field.validation_alias
    return [str(each) for each in alias.choices] if isinstance(alias, AliasChoices) else [str(alias or name)]
