"""Whether the data folder can be used, found by trying. Asked by `serve`, `worker` and `forgehand doctor`."""

import os
import tempfile
from pathlib import Path

from forgehand.assembly.settings import Settings, SettingsError

USABLE = "let FORGEHAND_DATA_DIR name a folder that can be made and written to"


def refuse_unusable(settings: Settings) -> None:
    """Raise SettingsError where the data folder cannot be made or written to."""
    folder = settings.data_dir.absolute()
    if why := no_room_in(nearest(folder)):
        raise SettingsError(f"FORGEHAND_DATA_DIR is {folder}, which cannot be used ({why}): {USABLE}")


def nearest(path: Path) -> Path:
    """The path itself, or what there is of the folders it would lie in."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def no_room_in(folder: Path) -> str:
    """Why nothing can be made in a folder, found by trying; empty where something can, and nothing is left behind."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".forgehand-tried-"):
            return ""
    except OSError as error:
        return f"{folder}: {error.strerror}"
