"""What `forgehand doctor` asks GitHub about a personal access token, where that is used instead of an App."""

import time
from collections.abc import Iterator

from forgehand.assembly.checks import Check, Level
from forgehand.assembly.settings import Settings
from forgehand.ports.github import GitHubError, Unreachable


async def examine_person(settings: Settings) -> list[Check]:
    """Whose token it is and what it reaches; where GitHub cannot be asked, the check that says why."""
    from forgehand.adapters.github import GitHub, OpenPullReader, PersonalTokens

    tokens = PersonalTokens(settings.person)
    try:
        async with GitHub(settings.github_api_url, clock=time.time) as github:
            user = await github.get("/user", tokens.person)
            repositories = len(await OpenPullReader(github, tokens).repositories())
    except Unreachable as error:
        remedy = f"see that this machine reaches {settings.github_api_url}, and that GITHUB_API_URL is right"
        return [Check("GitHub", Level.PROBLEM, error.why, remedy)]
    except (GitHubError, ValueError) as error:
        remedy = "make another token at GitHub, under Settings, Developer settings, and set GITHUB_TOKEN"
        return [Check("personal token", Level.PROBLEM, str(error), remedy)]
    return list(judge(settings, str(user.data.get("login")), user.headers.get("x-oauth-scopes"), repositories))


def judge(settings: Settings, login: str, scopes: str | None, repositories: int) -> Iterator[Check]:
    """What GitHub said, judged. `scopes` are those of a classic token, None of a fine-grained one, which names none."""
    says = (
        f"it is {login}'s, and reaches {repositories} repositories; every job has all that it may do, checks become "
        "commit statuses, and work is found by polls alone"
    )
    granted = [scope.strip() for scope in (scopes or "").split(",")]
    if scopes is not None and "repo" not in granted:
        remedy = "make a token with the scope repo, or a fine-grained one for the repositories meant"
        yield Check("personal token", Level.WARNING, f"{says}; it lacks the scope repo", remedy)
    elif not repositories:
        yield Check("personal token", Level.WARNING, says, "let it reach the repositories meant")
    else:
        yield Check("personal token", Level.OK, says)
    yield Check("mode", Level.OK, f"{settings.mode}: the gate holds it, for a personal token cannot be narrowed")
