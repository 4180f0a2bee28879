"""What `forgehand doctor` asks GitHub: whether the key is the App's, what it may do, where it is installed."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from forgehand.assembly.checks import Check, Level
from forgehand.assembly.settings import Settings, SettingsError
from forgehand.assembly.workers import BUILT_IN, listens
from forgehand.ports.github import GitHubError, HookDelivery, NotPermitted, Unreachable

if TYPE_CHECKING:
    from forgehand.adapters.github import Installed, Probe

SKEW_NOTICED, SKEW_BREAKING = 5.0, 30.0
"""Seconds. The App's sign-in is dated by our clock: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""

HOOK_PATH = "/webhooks/github"


async def examine_github(settings: Settings) -> list[Check]:
    """The checks that need GitHub; where it cannot be asked, the one that says why."""
    from forgehand.adapters.github import APPLYING, SPEAKING, AppTokens, GitHub, HookReader, OpenPullReader, probe

    kinds = (*SPEAKING, *APPLYING) if settings.mode == "apply" else SPEAKING
    try:
        async with GitHub(
            settings.github_api_url, app_id=settings.github_app_id, private_key=settings.private_key, clock=time.time
        ) as github:
            found = await probe(github, kinds)
            repositories = await OpenPullReader(github, AppTokens(github)).repositories()
            lately = await HookReader(github).hook_deliveries(time.time() - 3600) if found.hook_url else ()
    except Unreachable as error:
        remedy = f"see that this machine reaches {settings.github_api_url}, and that GITHUB_API_URL is right"
        return [Check("GitHub", Level.PROBLEM, error.why, remedy)]
    except NotPermitted as error:
        says, _, remedy = error.why.partition(": ")
        return [Check("GitHub", Level.PROBLEM, says, remedy)]
    except (GitHubError, SettingsError, ValueError) as error:
        return [Check("GitHub", Level.PROBLEM, str(error), "correct that setting and run this again")]
    per_installation = Counter(repo.installation for repo in repositories)
    return list(judge(settings, found, per_installation, lately))


def judge(
    settings: Settings, found: "Probe", repositories: Mapping[int, int], lately: Sequence[HookDelivery] = ()
) -> Iterator[Check]:
    """What GitHub said, judged. `repositories` counts them by installation id; `lately` are the last hour's attempts to
    deliver a webhook, newest first."""
    home = f"{settings.github_url}/settings/apps/{found.slug}"
    yield Check(
        "App", Level.OK, f"{found.slug} (id {found.id}) at {settings.github_api_url}; the private key is its own"
    )
    if settings.github_app_slug and settings.github_app_slug != found.slug:
        says = f"GITHUB_APP_SLUG is {settings.github_app_slug}, but the App is called {found.slug}"
        yield Check("App's name", Level.PROBLEM, says, f"set GITHUB_APP_SLUG={found.slug}, or leave it empty")
    yield _clock(found.skew)
    yield _webhook(settings, found, home)
    yield from _deliveries(settings, lately)
    yield _events(found, home)
    yield _permissions(found, home)
    yield from _mode(settings, found, home)
    yield _dispatching(settings, found, home)
    yield from _installations(settings, found, repositories)
    yield _rate(found)


def _clock(skew: float | None) -> Check:
    if skew is None:
        return Check("clock", Level.OK, "GitHub gave no time to compare with")
    direction = "ahead of" if skew > 0 else "behind"
    says = f"{abs(skew):.0f} s {direction} GitHub's"
    if abs(skew) > SKEW_BREAKING:
        return Check("clock", Level.PROBLEM, says, "set this machine's clock right (NTP): sign-ins will be refused")
    if abs(skew) > SKEW_NOTICED:
        return Check("clock", Level.WARNING, says, "set this machine's clock right (NTP)")
    return Check("clock", Level.OK, "agrees with GitHub's")


def _webhook(settings: Settings, found: "Probe", home: str) -> Check:
    polls = f"polls find everything, every {settings.poll_seconds:g} s"
    if not found.hook_url:
        if settings.poll_seconds == 0:
            remedy = f"give the webhook an address at {home}, or set FORGEHAND_POLL_SECONDS"
            return Check("webhook", Level.PROBLEM, "the App has no webhook, and polls are off", remedy)
        return Check("webhook", Level.WARNING, f"the App has no webhook: {polls}", f"give it an address at {home}")
    if not found.hook_url.rstrip("/").endswith(HOOK_PATH):
        remedy = f"let it end in {HOOK_PATH}, at {home}; unless a proxy of yours leads there"
        return Check("webhook", Level.WARNING, f"GitHub sends to {found.hook_url}", remedy)
    if not found.hook_verifies_tls:
        remedy = f"enable SSL verification at {home}"
        return Check("webhook", Level.WARNING, f"GitHub sends to {found.hook_url}, whoever answers there", remedy)
    return Check("webhook", Level.OK, f"GitHub sends to {found.hook_url}")


def _deliveries(settings: Settings, lately: Sequence[HookDelivery]) -> Iterator[Check]:
    if not lately:
        return
    failed = sum(not each.ok for each in lately)
    says = f"{len(lately) - failed} of GitHub's last {len(lately)} attempts arrived"
    if lately[0].ok:
        yield Check("deliveries", Level.OK, says)
    else:
        remedy = (
            "see that `forgehand serve` runs and that GitHub reaches it; what failed is asked for again every "
            f"{settings.sweep_seconds:g} s"
        )
        yield Check("deliveries", Level.WARNING, f"{says}, the newest not", remedy)


def _events(found: "Probe", home: str) -> Check:
    wanted = listens(BUILT_IN, dispatching=False)
    if absent := sorted(wanted - set(found.events)):
        remedy = f"subscribe to {', '.join(absent)} under “Permissions & events”: {home}/permissions"
        return Check("events", Level.WARNING, f"GitHub does not send {', '.join(absent)}", remedy)
    return Check("events", Level.OK, ", ".join(sorted(wanted)))


def _permissions(found: "Probe", home: str) -> Check:
    if found.missing:
        remedy = f"grant them at {home}/permissions, then accept them in each installation"
        return Check("permissions", Level.PROBLEM, f"the App lacks {_listed(found.missing)}", remedy)
    return Check("permissions", Level.OK, _listed(found.permissions))


def _mode(settings: Settings, found: "Probe", home: str) -> Iterator[Check]:
    if settings.mode == "comment-only":
        yield Check("mode", Level.OK, "comment-only: it speaks, and never approves or merges")
        return
    yield Check("mode", Level.OK, "apply: it approves and merges where a repository's configuration asks for it")
    if "administration" not in found.permissions:
        says = "how many approvals a protected branch requires cannot be read; nothing is merged on a guess"
        remedy = f"grant administration: read at {home}/permissions, then accept it in each installation"
        yield Check("protection", Level.WARNING, says, remedy)


def _dispatching(settings: Settings, found: "Probe", home: str) -> Check:
    """Who does not dispatch needs none of it; half of it is a mistake."""
    from forgehand.adapters.github import DISPATCHING, required_permissions

    if not settings.dispatch:
        return Check("dispatching", Level.OK, "off: FORGEHAND_DISPATCH is false")
    needed = {name: level for name, level in required_permissions(DISPATCHING).items() if level == "write"}
    lacking = [f"{name}: {level}" for name, level in needed.items() if found.permissions.get(name) != level]
    lacking += ["the event workflow_run"] if "workflow_run" not in found.events else []
    if not lacking:
        return Check("dispatching", Level.OK, "workflows may start others, where both repositories say so")
    if len(lacking) > len(needed):
        return Check("dispatching", Level.OK, f"not set up; it would need {', '.join(lacking)}")
    remedy = f"add it at {home}/permissions, or set FORGEHAND_DISPATCH=false"
    return Check("dispatching", Level.WARNING, f"it lacks {', '.join(lacking)}", remedy)


def _installations(settings: Settings, found: "Probe", repositories: Mapping[int, int]) -> Iterator[Check]:
    if not found.installations:
        page = found.url or f"{settings.github_url}/apps/{found.slug}"
        remedy = f"install it on your repositories: {page}/installations/new"
        yield Check("installations", Level.WARNING, "the App is installed nowhere", remedy)
    for each in found.installations:
        yield _installation(each, repositories.get(each.id, 0))


def _installation(each: "Installed", repositories: int) -> Check:
    name = f"installation on {each.account}"
    where = each.url or "the installation's settings page"
    if each.suspended:
        return Check(name, Level.PROBLEM, "suspended", f"its owner can lift that: {where}")
    if each.missing:
        says = f"grants no {_listed(each.missing)}"
        return Check(name, Level.PROBLEM, says, f"its owner has to accept the App's new permissions: {where}")
    if not repositories:
        return Check(name, Level.WARNING, "includes no repository", f"choose some: {where}")
    kind = "repository" if repositories == 1 else "repositories"
    return Check(name, Level.OK, f"{repositories} {kind}{', and all to come' if each.all_repositories else ''}")


def _rate(found: "Probe") -> Check:
    if found.limit is None or found.remaining is None:
        return Check("rate limit", Level.OK, "GitHub names none")
    says = f"{found.remaining:,} of {found.limit:,} requests left this hour"
    if found.remaining < found.limit / 10:
        return Check("rate limit", Level.WARNING, says, "it resets within the hour; polls can be rarer")
    return Check("rate limit", Level.OK, says)


def _listed(permissions: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {level}" for name, level in sorted(permissions.items()))
