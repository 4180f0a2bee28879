"""The commands that look and steer, in processes of their own, beside a running server."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.command import Ran, forgehand, make_store, variables
from support.product import REPO, Product, assert_said_once, at_rest, open_flawed_pull, product, reviewed, until

AN_APP = ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"]


class Desk:
    """A server with one reviewed pull request, and the command line of its operator."""

    def __init__(self, running: Product, folder: Path, head: str) -> None:
        self.product = running
        self.forge = running.forge
        self.head = head
        self.folder = folder
        self.env = variables(running.settings)

    def run(self, *argv: str) -> Ran:
        return forgehand(self.folder, *argv, env=self.env)

    def json(self, *argv: str) -> Any:
        return self.run(*argv, "--json").json

    def jobs(self, type: str = "review") -> list[Any]:
        return [job for job in self.json("jobs", "list", "--limit", "50") if job["type"] == type]

    def job(self) -> Any:
        (job,) = self.jobs()
        return job

    def guid(self) -> str:
        (delivery,) = [each for each in self.json("deliveries", "list") if each["event"] == "pull_request"]
        return str(delivery["guid"])


@contextmanager
def opened(folder: Path) -> Iterator[Desk]:
    with product(folder) as running:
        head = open_flawed_pull(running.forge).head_sha
        until(lambda: reviewed(running.forge, 1, head) and at_rest(running), "the first review")
        made = Desk(running, folder / "desk", head)
        made.folder.mkdir()
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests that change nothing."""
    with opened(tmp_path_factory.mktemp("quiet")) as made:
        yield made


def test_what_came_and_what_it_woke_can_be_read(quiet: Desk) -> None:
    guid = quiet.guid()
    listed = quiet.run("deliveries", "list")
    assert re.search(rf"{guid} .*pull_request\.opened .*{REPO} .*review: completed", listed.out)

    shown = quiet.run("deliveries", "show", guid[:8])
    assert guid in shown.out
    assert re.search(r"woken\s+review", shown.out)
    assert re.search(r"left asleep\s+commands\s+it waits for issue_comment", shown.out)
    assert re.search(rf"completed\s+review\s+pull/1\s+{quiet.job()['attempts']}\b", shown.out)

    journey = quiet.json("deliveries", "show", guid)
    assert {each["job"]["type"] for each in journey["jobs"]} == {"review", "testing", "decide"}


def test_a_job_tells_its_attempts_effects_and_story(quiet: Desk) -> None:
    job_id, attempts = quiet.job()["id"], quiet.job()["attempts"]
    shown = quiet.run("jobs", "show", job_id[:16]).out
    assert re.search(r"state +completed", shown)
    assert re.search(rf"attempts +{attempts} of \d+", shown)
    assert "comment-only review of acme/shop#1" in shown
    assert "job.completed" in shown
    decided = [quiet.run("jobs", "show", job["id"]).out for job in quiet.jobs("decide")]
    for said in ("sticky comment “summary”", "check run “Forgehand review” = failure"):
        assert any(said in each for each in decided)

    story = quiet.json("jobs", "show", job_id)
    assert story["job"]["id"] == job_id
    assert {effect["state"] for effect in story["effects"]} == {"done"}
    assert [job["id"] for job in quiet.json("jobs", "list", "--state", "completed") if job["type"] == "review"] == [
        job_id
    ]
    assert quiet.json("jobs", "list", "--state", "dead-letter") == []


def test_effects_are_listed_and_the_unknown_ones_alone(quiet: Desk) -> None:
    listed = quiet.run("effects", "list").out
    assert listed.count("done") == 4
    assert f"{quiet.forge.url}/{REPO}/pull/1" in listed
    assert quiet.run("effects", "list", "--state", "unknown").out == "No effects.\n"
    slot = quiet.json("effects", "list")[0]["slot"]
    checks = [each for each in quiet.json("effects", "list") if each["kind"] == "check_run"]
    (check,) = [each for each in checks if each["worker"] == "decide"]
    shown = quiet.run("effects", "show", check["slot"][:10]).out
    for said in (check["slot"], "check run “Forgehand review” = failure", "shop/cart.py", "F821", check["job"]):
        assert said in shown
    assert quiet.json("effects", "show", check["slot"])["content"] == check["content"]
    settled = quiet.run("effects", "settle", slot[:12], "--happened")
    assert (settled.code, settled.err) == (1, "forgehand: The effect is done already: nothing to settle.\n")


def test_every_page_about_a_real_review_opens(quiet: Desk) -> None:
    """What the workers really write, not a sample of it."""
    with httpx2.Client(follow_redirects=True, timeout=60) as browser:
        link = quiet.product.sign_in_url
        origin, _, token = link.partition("/admin/sign-in?token=")
        browser.post(f"{origin}/admin/sign-in", data={"token": token}, headers={"origin": origin}).raise_for_status()
        jobs, effects = quiet.json("jobs", "list"), quiet.json("effects", "list")
        assert {each["type"] for each in jobs} >= {"plan", "review"}
        assert {each["kind"] for each in effects} == {"review", "comment", "check_run"}
        for path in (
            *(f"/admin/jobs/{each['id']}" for each in jobs),
            *(f"/admin/effects/{each['slot']}" for each in effects),
            f"/admin/deliveries/{quiet.guid()}",
        ):
            assert "signed in as" in browser.get(f"{origin}{path}").raise_for_status().text


def test_a_link_from_the_command_line_opens_the_running_server_once(quiet: Desk) -> None:
    origin, _, token = quiet.run("sign-in").out.strip().partition("/admin/sign-in?token=")
    with httpx2.Client(base_url=origin, headers={"origin": origin}, timeout=60) as browser:
        assert browser.post("/admin/sign-in", data={"token": token}).status_code == 303
        assert "(command line)" in browser.get("/admin").text
        assert browser.post("/admin/sign-in", data={"token": token}).status_code == 403


def test_a_dry_replay_says_what_it_would_do_and_asks_github_for_no_change(quiet: Desk) -> None:
    quiet.forge.clear_calls()
    said = quiet.run("replay", quiet.guid(), "--dry-run")
    assert said.code == 0, said.err
    # The server chose its admin port itself; links to its pages are the same from here.
    assert re.search(r"unchanged +sticky comment .*it is there already", said.out)
    assert re.search(r"unchanged +check run .*it is there already", said.out)
    previews = quiet.json("replay", quiet.guid(), "--dry-run")
    assert {each["kind"] for each in previews} == {"comment", "check_run"}
    assert quiet.forge.calls
    assert quiet.forge.mutations() == ()
    assert len(quiet.jobs()) == 1


def test_a_replay_doubles_nothing(desk: Desk) -> None:
    guid = desk.guid()
    said = desk.run("replay", guid)
    assert (said.code, said.out.splitlines()[0]) == (0, "The delivery is planned again.")
    assert f"`forgehand deliveries show {guid}` tells" in said.out

    def planned() -> list[str]:
        return [job["state"] for job in desk.jobs("plan") if job["delivery"] == guid]

    until(lambda: planned() == ["completed"] * 2, "the second planning")
    until(lambda: {job["state"] for job in desk.jobs()} <= {"completed", "superseded"}, "the second review")
    assert_said_once(desk.forge, 1, desk.head)


def test_a_pause_holds_every_write_until_resume(desk: Desk) -> None:
    assert desk.run("pause", "--why", "moving house").code == 0
    again = desk.run("pause")
    assert (again.code, again.out) == (1, "")
    assert "Writes are paused already" in again.err
    doctor = {check["name"]: check for check in desk.json("doctor")["checks"]}
    assert "writes are paused" in doctor["store"]["says"]
    assert "moving house" in doctor["store"]["says"]

    desk.forge.clear_calls()
    second = open_flawed_pull(desk.forge, 2).head_sha
    until(lambda: "waiting" in {job["state"] for job in desk.jobs()}, "the job that waits")
    assert desk.forge.mutations() == ()

    assert desk.run("resume").code == 0
    until(lambda: reviewed(desk.forge, 2, second), "the review after the pause")
    assert "forgehand: Writes are not paused." in desk.run("resume").err


def test_a_job_can_be_run_by_hand_while_no_server_runs(desk: Desk) -> None:
    desk.run("pause")
    second = open_flawed_pull(desk.forge, 2).head_sha
    until(lambda: "waiting" in {job["state"] for job in desk.jobs()}, "the job that waits")
    desk.product.stop()
    (waiting,) = [job["id"] for job in desk.jobs() if job["state"] == "waiting"]
    assert "there is nothing to run" in desk.run("run-job", waiting).err
    desk.run("resume")
    ran = desk.run("run-job", waiting[:10])
    assert (ran.code, ran.out) == (0, f"Job {waiting[:8]} is completed\n")
    assert [review.commit_id for review in desk.forge.reviews(REPO, 2)] == [second]


def test_jobs_can_be_cancelled_and_retried(desk: Desk) -> None:
    done = desk.job()["id"]
    refused = desk.run("jobs", "cancel", done)
    assert (refused.code, refused.err) == (1, f"forgehand: Job {done[:8]} is completed: nothing to cancel.\n")

    desk.run("pause")
    open_flawed_pull(desk.forge, 2)
    until(lambda: "waiting" in {job["state"] for job in desk.jobs()}, "the job that waits")
    (waiting,) = [job["id"] for job in desk.jobs() if job["state"] == "waiting"]
    assert desk.run("jobs", "cancel", waiting).out == f"Job {waiting[:8]} is cancelled.\n"
    story = desk.json("jobs", "show", waiting)
    assert story["job"]["state"] == "cancelled"
    assert re.search(r"cancelled by .*command line", story["job"]["why"])

    desk.run("resume")
    assert desk.run("jobs", "retry", waiting).out == f"Job {waiting[:8]} will run again.\n"
    until(lambda: desk.json("jobs", "show", waiting)["job"]["state"] == "completed", "the retried job")


@pytest.mark.parametrize(
    "argv",
    [
        ("jobs", "show", "0123456789"),
        ("jobs", "cancel", "0123456789"),
        ("jobs", "retry", "0123456789"),
        ("deliveries", "show", "0123456789"),
        ("replay", "0123456789"),
        ("effects", "show", "0123456789"),
        ("effects", "settle", "0123456789", "--again"),
    ],
)
def test_what_is_not_there_is_said_with_exit_code_1(tmp_path: Path, argv: tuple[str, ...]) -> None:
    make_store(tmp_path)
    ran = forgehand(tmp_path, *argv)
    assert (ran.code, ran.out) == (1, "")
    assert re.fullmatch(r"forgehand: no (job|delivery|effect) 0123456789 is stored\n", ran.err)


@pytest.mark.parametrize(
    ("argv", "missing"),
    [
        (("serve",), [*AN_APP, "GITHUB_WEBHOOK_SECRET"]),
        (("worker",), [*AN_APP, "GITHUB_WEBHOOK_SECRET"]),
        (("run-job", "0123456789"), AN_APP),
    ],
)
def test_missing_settings_are_all_named_at_once_with_exit_code_2(
    tmp_path: Path, argv: tuple[str, ...], missing: list[str]
) -> None:
    ran = forgehand(tmp_path, *argv)
    assert (ran.code, ran.out) == (2, "")
    for line, variable in zip(ran.err.splitlines(), missing, strict=True):
        assert line.startswith(f"forgehand: {variable} is not set: ")


@pytest.mark.parametrize(
    "argv",
    [
        ("jobs", "list"),
        ("jobs", "retry", "0123456789"),
        ("deliveries", "list"),
        ("effects", "list"),
        ("replay", "0123456789"),
        ("pause",),
        ("resume",),
    ],
)
def test_a_command_in_the_wrong_folder_makes_no_store_and_claims_nothing(tmp_path: Path, argv: tuple[str, ...]) -> None:
    ran = forgehand(tmp_path, *argv)
    assert (ran.code, ran.out) == (1, "")
    remedy = "start `forgehand serve` once, or set FORGEHAND_DATABASE_URL"
    assert ran.err == f"forgehand: no store at {tmp_path}/data/forgehand.db: {remedy}\n"
    assert list(tmp_path.iterdir()) == []


def test_doctor_in_the_wrong_folder_makes_no_store_either(tmp_path: Path) -> None:
    (store,) = [each for each in forgehand(tmp_path, "doctor", "--json").json["checks"] if each["name"] == "store"]
    assert (store["level"], store["says"]) == ("warning", f"no store at {tmp_path}/data/forgehand.db yet")
    assert list(tmp_path.iterdir()) == []


def test_pause_and_resume_name_the_store(tmp_path: Path) -> None:
    path = make_store(tmp_path)
    assert f"(The store is {path}.)" in forgehand(tmp_path, "pause").out
    assert f"(The store is {path}.)" in forgehand(tmp_path, "pause").err
    (store,) = [each for each in forgehand(tmp_path, "doctor", "--json").json["checks"] if each["name"] == "store"]
    assert str(path) in store["says"]
    assert f"(The store is {path}.)" in forgehand(tmp_path, "resume").out


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_bytes(b"not a database, but long enough to look at" * 40), "file is not a database"),
        (lambda path: path.mkdir(), "unable to open database file"),
    ],
)
def test_a_store_that_cannot_be_opened_is_said_with_its_path_and_the_remedy(
    tmp_path: Path, make: Callable[[Path], object], why: str
) -> None:
    path = tmp_path / "a.db"
    make(path)
    ran = forgehand(tmp_path, "jobs", "list", env={"FORGEHAND_DATABASE_URL": "sqlite:///a.db"})
    assert (ran.code, ran.out) == (1, "")
    remedy = "mend that, or let FORGEHAND_DATABASE_URL name another store"
    assert ran.err == f"forgehand: cannot open {path}: {why}; {remedy}\n"
