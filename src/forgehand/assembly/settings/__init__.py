"""Settings, read once at start from the environment and `.env`; a file for each group. Documented in docs/settings.md,
and a test holds both together. Nothing else in the product reads the environment."""

from forgehand.assembly.settings.errors import SettingsError
from forgehand.assembly.settings.lists import split
from forgehand.assembly.settings.names import Stray, strays
from forgehand.assembly.settings.reading import read_settings, ready_settings
from forgehand.assembly.settings.whole import Settings

__all__ = ["Settings", "SettingsError", "Stray", "read_settings", "ready_settings", "split", "strays"]
