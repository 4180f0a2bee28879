from pathlib import Path

import pytest

from forgehand.assembly.data_folder import refuse_unusable
from forgehand.assembly.settings import SettingsError, read_settings


def test_a_folder_that_can_be_made_is_fine_and_nothing_is_left_behind(tmp_path: Path) -> None:
    refuse_unusable(read_settings(data_dir=tmp_path / "some" / "data"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "data"])
def test_a_file_in_its_place_is_refused_by_the_variable_s_name(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"^FORGEHAND_DATA_DIR is .*file.* \(.*: Not a directory\): let"):
        refuse_unusable(read_settings(data_dir=tmp_path / "file" / below))
