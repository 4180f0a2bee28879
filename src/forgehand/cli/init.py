"""`forgehand init`: make the GitHub App by the manifest flow, and keep its credentials.

A page on this machine posts the manifest to GitHub; the person confirms there; GitHub sends the browser back with a
code, which is exchanged for the App's key and secrets.
https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forgehand.cli.errors import USAGE, Stop

if TYPE_CHECKING:
    from forgehand.assembly.credentials import Kept, NewApp
    from forgehand.assembly.settings import Settings
    from forgehand.cli.manifest_page import ManifestPage

HOMEPAGE = "https://github.com/apps"
"""What the App's page links to where nobody gives an address."""


def init(
    name: Annotated[
        str, typer.Option(help="The App's name, unique on GitHub. Default: forgehand- and six letters.")
    ] = "",
    org: Annotated[
        str, typer.Option(help="The organization that shall own the App; default is your own account.")
    ] = "",
    webhook_url: Annotated[
        str | None,
        typer.Option(
            help="Where GitHub can reach this server, such as https://forgehand.example.org; `none` leaves webhooks "
            "off, and polls find everything."
        ),
    ] = None,
    homepage: Annotated[str, typer.Option(help="The homepage shown on the App's page.")] = HOMEPAGE,
    github_url: Annotated[
        str, typer.Option(help="An Enterprise Server, such as https://github.example.org. Default: GITHUB_API_URL's.")
    ] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Also ask for write access to contents, which merging needs.")
    ] = False,
    dispatch: Annotated[
        bool, typer.Option("--dispatch", help="Also ask for what dispatching between repositories needs.")
    ] = False,
    env: Annotated[Path, typer.Option(help="The file that gets the settings.")] = Path(".env"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port of the local page; 0 lets the system pick.")
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the page's address.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the App that the file holds, without asking.")
    ] = False,
    wait: Annotated[float, typer.Option(min=1, help="How many seconds to wait for you and GitHub.")] = 3600.0,
) -> None:
    """Create your GitHub App: a local page sends you to GitHub and stores the credentials it gives back.

    Writes the App's variables into .env and its private key into a file of its own, both readable by you alone."""
    from forgehand.assembly.credentials import keep, manifest
    from forgehand.assembly.settings import read_settings
    from forgehand.cli.manifest_page import ManifestPage
    from forgehand.cli.opening import quiet_logs
    from forgehand.web.admin.guard import GITHUB_DONE

    settings = read_settings(_env_file=env)
    if github_url:
        settings = settings.model_copy(update={"github_api_url": api_of(github_url)})
    quiet_logs(settings)
    _may_replace(env, force)
    hook = _webhook_address(webhook_url)
    name = name or f"forgehand-{secrets.token_hex(3)}"
    page = ManifestPage(
        target=new_app_url(settings.github_url, org),
        manifest=lambda back: manifest(
            name,
            homepage,
            back,
            hook,
            apply=apply,
            dispatch=dispatch,
            callback_url=f"{settings.admin_base_url}{GITHUB_DONE}",
        ),
        api_url=settings.github_api_url,
        port=port,
    )
    with page:
        _send_there(page, no_browser)
        app = page.wait(wait)
    kept = keep(app, env, settings.data_dir / f"{app.slug}.private-key.pem", settings)
    _say_done(app, kept, settings, hook)
    if apply and settings.mode != "apply":
        typer.echo(f"\nIt speaks only, until you set FORGEHAND_MODE=apply in {kept.env.name}.")


def new_app_url(github_url: str, org: str) -> str:
    """Where GitHub takes a manifest: for a person, or for an organization."""
    from urllib.parse import quote

    owner = f"organizations/{quote(org, safe='')}/" if org else ""
    return f"{github_url.rstrip('/')}/{owner}settings/apps/new"


def api_of(github_url: str) -> str:
    """The REST API of a GitHub that people reach at this address.
    https://docs.github.com/en/enterprise-server@3.17/rest/quickstart"""
    from urllib.parse import urlsplit

    parts = urlsplit(github_url.strip().rstrip("/"))
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise typer.BadParameter("give an address such as https://github.example.org", param_hint="--github-url")
    if parts.hostname in ("github.com", "www.github.com"):
        return "https://api.github.com"
    if parts.hostname.endswith(".ghe.com"):
        return f"https://api.{parts.netloc}"
    path = parts.path.removesuffix("/api/v3")
    return f"{parts.scheme}://{parts.netloc}{path}/api/v3"


def _may_replace(env: Path, force: bool) -> None:
    from forgehand.assembly.credentials import app_in

    known = app_in(env)
    if not known or force:
        return
    asked = f"{env} holds an App already (id {known}). Replace it? The file as it is will be kept beside it."
    if not sys.stdin.isatty():
        raise Stop(f"{env} holds an App already (id {known}): --force replaces it, --env writes elsewhere", USAGE)
    typer.confirm(asked, abort=True)


def _webhook_address(given: str | None) -> str | None:
    from urllib.parse import urlsplit

    if given is None and sys.stdin.isatty():
        typer.echo("Where can GitHub reach this server? Leave empty to do without webhooks: polls find everything.")
        given = typer.prompt("Webhook address", default="", show_default=False)
    if given is None:
        raise typer.BadParameter(
            "say where GitHub can reach this server, or `none` to do without webhooks", param_hint="--webhook-url"
        )
    given = given.strip()
    if given in ("", "none"):
        return None
    parts = urlsplit(given)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise typer.BadParameter("give an address such as https://forgehand.example.org", param_hint="--webhook-url")
    return given if parts.path.strip("/") else f"{given.rstrip('/')}/webhooks/github"


def _send_there(page: "ManifestPage", no_browser: bool) -> None:
    typer.echo(f"Open this page to create the App:\n\n    {page.url}\n")
    typer.echo("It is only on this machine; over SSH, forward its port first (ssh -L PORT:127.0.0.1:PORT).")
    typer.echo("Waiting for GitHub to send you back ...")
    if not no_browser:
        import webbrowser

        webbrowser.open(page.url)


def _say_done(app: "NewApp", kept: "Kept", settings: "Settings", hook: str | None) -> None:
    import os

    typer.echo(f"\nThe App {app.slug} (id {app.id}) exists. Written, for you alone to read:")
    typer.echo(f"    {kept.env}\n    {kept.key}")
    if kept.backup:
        typer.echo(f"    {kept.backup} (as it was before)")
    overriding = [name for name in ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY") if os.environ.get(name)]
    if overriding:
        typer.echo(f"\nBut {' and '.join(overriding)} in your environment wins over the file: unset it.", err=True)
    typer.echo("\nTwo steps are left:")
    typer.echo(f"    1. Install it on your repositories: {app.html_url}/installations/new")
    typer.echo("    2. forgehand serve")
    if hook is None:
        typer.echo(
            "\nWebhooks are off: polls find everything. To have them later, give the App's webhook an address on its "
            f"settings page, with the secret that waits in {kept.env.name}."
        )
    elif hook.startswith("http://"):
        typer.echo("\nThe webhook address is plain http: payloads can be read on their way.", err=True)
