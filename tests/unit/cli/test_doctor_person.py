import pytest

from forgehand.assembly.checks import Level
from forgehand.assembly.doctor_person import judge
from forgehand.assembly.settings import read_settings

SETTINGS = read_settings(_env_file=None, github_app_id="")


@pytest.mark.parametrize(
    ("scopes", "repositories", "level"),
    [("repo, gist", 2, Level.OK), (None, 2, Level.OK), ("public_repo", 2, Level.WARNING), ("repo", 0, Level.WARNING)],
)
def test_a_personal_token_is_told_with_what_it_cannot_do(scopes: str | None, repositories: int, level: Level) -> None:
    found = {check.name: check for check in judge(SETTINGS, "kim", scopes, repositories)}
    token = found["personal token"]
    assert token.level is level
    assert token.says.startswith(f"it is kim's, and reaches {repositories} repositories")
    assert "commit statuses" in token.says
    assert (token.remedy == "") is (level is Level.OK)
    assert found["mode"].says.startswith("comment-only")
