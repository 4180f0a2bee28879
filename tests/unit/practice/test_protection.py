"""Branch protection and rulesets: how they show, and what they refuse."""

import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.forge import Sample, client

R = "/repos/octo/sample"
NAME = "octo/sample"
MERGE = f"{R}/pulls/1/merge"


def _report(api: httpx2.Client, sha: str, name: str, **more: Any) -> None:
    assert api.post(f"{R}/check-runs", json={"name": name, "head_sha": sha, **more}).status_code == 201


def _message(reply: httpx2.Response, status: int = 405) -> str:
    assert reply.status_code == status, reply.text
    return str(reply.json()["message"])


def _state(api: httpx2.Client) -> Any:
    api.get(f"{R}/pulls/1")
    return api.get(f"{R}/pulls/1").json()["mergeable_state"]


def test_a_required_check_is_expected_then_running_then_failing_then_good(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["tests"])
    sha = sample.pull.head_sha
    assert _state(api) == "blocked"
    assert _message(api.put(MERGE)) == 'Required status check "tests" is expected.'
    _report(api, sha, "tests", status="in_progress")
    assert _message(api.put(MERGE)) == 'Required status check "tests" is in progress.'
    _report(api, sha, "tests", conclusion="failure")
    assert _message(api.put(MERGE)) == 'Required status check "tests" is failing.'
    _report(api, sha, "tests", conclusion="neutral")
    assert _state(api) == "clean"
    assert api.put(MERGE, json={"sha": sha}).status_code == 200


def test_a_required_status_may_be_pending_too(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["ci"])
    api.post(f"{R}/statuses/{sample.pull.head_sha}", json={"state": "pending", "context": "ci"})
    assert _message(api.put(MERGE)) == 'Required status check "ci" is pending.'
    api.post(f"{R}/statuses/{sample.pull.head_sha}", json={"state": "success", "context": "ci"})
    assert api.put(MERGE).status_code == 200


def test_of_several_required_checks_only_the_sums_are_said(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["a", "b", "c"])
    assert _message(api.put(MERGE)) == "3 of 3 required status checks are expected."
    _report(api, sample.pull.head_sha, "a", conclusion="success")
    _report(api, sample.pull.head_sha, "b", conclusion="timed_out")
    words = "2 of 3 required status checks have not succeeded: 1 expected and 1 failing."
    assert _message(api.put(MERGE)) == words
    _report(api, sample.pull.head_sha, "c", status="in_progress")
    assert _message(api.put(MERGE)) == "2 of 3 required status checks have not succeeded: 1 failing."
    _report(api, sample.pull.head_sha, "b")
    assert _message(api.put(MERGE)) == "2 of 3 required status checks are in progress."


def test_a_check_bound_to_an_app_is_not_satisfied_by_another(sample: Sample, api: httpx2.Client) -> None:
    other = sample.forge.create_app("other-ci", {"checks": "write", "statuses": "write"})
    sample.forge.protect(NAME, checks=[("tests", other)])
    _report(api, sample.pull.head_sha, "tests", conclusion="success")
    api.post(f"{R}/statuses/{sample.pull.head_sha}", json={"state": "success", "context": "tests"})
    assert _message(api.put(MERGE)) == 'Required status check "tests" is expected.'


def test_approvals_of_writers_are_counted_and_a_request_for_changes_stops(sample: Sample, api: httpx2.Client) -> None:
    forge = sample.forge
    forge.protect(NAME, approvals=1)
    wanted = "At least 1 approving review is required by reviewers with write access."
    assert _message(api.put(MERGE)) == wanted
    forge.review(NAME, 1, "passer-by", "APPROVE")
    assert _message(api.put(MERGE)) == wanted
    forge.set_collaborator(NAME, "ann", "maintain")
    forge.review(NAME, 1, "ann", "REQUEST_CHANGES", "no")
    forge.review(NAME, 1, "octo", "APPROVE")
    assert _message(api.put(MERGE)) == "1 review requesting changes by reviewers with write access."
    forge.review(NAME, 1, "ann", "APPROVE")
    forge.review(NAME, 1, "ann", "COMMENT", "one more thought")
    assert _state(api) == "clean"
    assert api.put(MERGE).status_code == 200


def test_an_app_that_may_write_approves_as_a_writer_does(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, approvals=1)
    assert api.post(f"{R}/pulls/1/reviews", json={"event": "APPROVE"}).status_code == 200
    assert api.put(MERGE).status_code == 200


def test_strict_checks_are_expected_anew_once_the_base_moved(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["a", "b"], strict=True)
    for name in ("a", "b"):
        _report(api, sample.pull.head_sha, name, conclusion="success")
    assert _state(api) == "clean"
    sample.forge.commit(NAME, "main", {"more.txt": "x\n"})
    assert _state(api) == "behind"
    assert _message(api.put(MERGE)) == "2 of 2 required status checks are expected."


def test_what_is_not_required_only_makes_it_unstable(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["tests"])
    _report(api, sample.pull.head_sha, "tests", conclusion="success")
    _report(api, sample.pull.head_sha, "lint", conclusion="failure")
    assert _state(api) == "unstable"
    assert api.put(MERGE).status_code == 200


def test_everything_that_is_missing_is_said_at_once(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["tests"], approvals=2)
    assert _message(api.put(MERGE)) == (
        "At least 2 approving reviews are required by reviewers with write access. "
        'Required status check "tests" is expected.'
    )


def test_a_linear_history_takes_no_merge_commit(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, linear=True)
    assert _message(api.put(MERGE)) == "This branch must not contain merge commits."
    assert api.put(MERGE, json={"merge_method": "squash"}).status_code == 200


def test_a_linear_history_takes_no_merge_commit_by_another_way_either(sample: Sample, api: httpx2.Client) -> None:
    tip = sample.forge.commit(NAME, "main", {"more.txt": "x\n"})
    sample.forge.set_branch(NAME, "aside", tip)
    words = "This branch must not contain merge commits."
    merged = api.post(f"{R}/merges", json={"base": "aside", "head": "feature"}).json()["sha"]
    sample.forge.protect(NAME, linear=True)
    assert _message(api.post(f"{R}/merges", json={"base": "main", "head": "feature"}), 409) == words
    assert _message(api.patch(f"{R}/git/refs/heads/main", json={"sha": merged}), 422) == words
    plain = sample.forge.commit(NAME, "plain", {"one.txt": "x\n"}, parent=tip)
    assert api.patch(f"{R}/git/refs/heads/main", json={"sha": plain}).status_code == 200
    sample.forge.protect(NAME, linear=True, enforce_admins=False)
    with client(sample.url, sample.forge.create_token("octo")) as admin:
        assert admin.post(f"{R}/merges", json={"base": "main", "head": "feature"}).status_code == 201


@pytest.mark.parametrize(("binds", "status"), [(True, 405), (False, 200)])
def test_admins_are_bound_only_if_protection_says_so(sample: Sample, binds: bool, status: int) -> None:
    sample.forge.protect(NAME, approvals=1, enforce_admins=binds)
    with client(sample.url, sample.forge.create_token("octo")) as admin:
        assert admin.put(MERGE).status_code == status


def test_an_app_is_never_an_admin(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, approvals=1, enforce_admins=False)
    assert api.put(MERGE).status_code == 405
    sample.forge.protect(NAME, approvals=1, bypass=("forgehand[bot]",))
    assert api.put(MERGE).status_code == 200


def test_a_ruleset_speaks_of_violations_and_obeys_its_own_bypass_list(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["tests"], approvals=1, ruleset="Main")
    words = _message(api.put(MERGE))
    assert words.startswith("Repository rule violations found\n\nAt least 1 approving review is required")
    assert words.endswith('Required status check "tests" is expected.\n\n')
    sample.forge.unprotect(NAME)
    sample.forge.protect(NAME, checks=["tests"], ruleset="Main", bypass=("forgehand[bot]",))
    assert api.put(MERGE).status_code == 200


def test_the_branch_shows_its_required_checks_to_readers_of_the_code(sample: Sample, api: httpx2.Client) -> None:
    assert api.get(f"{R}/branches/main").json()["protection"]["enabled"] is False
    sample.forge.protect(NAME, checks=["tests", ("scan", sample.app)], strict=True)
    shown = sample.client({"contents": "read"}).get(f"{R}/branches/main").json()
    assert shown["protected"] is True
    assert shown["protection"]["required_status_checks"] == {
        "enforcement_level": "everyone",
        "contexts": ["tests", "scan"],
        "checks": [{"context": "tests", "app_id": None}, {"context": "scan", "app_id": sample.app.id}],
    }
    protected = api.get(f"{R}/branches", params={"protected": "true"}).json()
    assert [b["name"] for b in protected] == ["main"]
    assert [b["name"] for b in api.get(f"{R}/branches", params={"protected": "false"}).json()] == ["feature"]


def test_the_whole_protection_needs_administration(sample: Sample) -> None:
    path = f"{R}/branches/main/protection"
    assert sample.client({"contents": "write"}).get(path).status_code == 403
    with client(sample.url, sample.forge.create_token("octo")) as admin:
        assert _message(admin.get(path), 404) == "Branch not protected"
        assert _message(admin.get(f"{R}/branches/none/protection"), 404) == "Branch not found"
        wanted = {
            "required_status_checks": {"strict": True, "contexts": [], "checks": [{"context": "t", "app_id": -1}]},
            "enforce_admins": None,
            "required_pull_request_reviews": {
                "required_approving_review_count": 2,
                "dismiss_stale_reviews": True,
                "bypass_pull_request_allowances": {"users": ["dev"], "apps": ["forgehand"]},
            },
            "restrictions": None,
        }
        made = admin.put(path, json=wanted)
        assert made.status_code == 200
        assert made.json() == admin.get(path).json()
        assert made.json()["required_pull_request_reviews"]["required_approving_review_count"] == 2
        assert admin.put(path, json={"restrictions": None}).status_code == 422
        assert admin.put(path, json=wanted | {"restrictions": {"users": [], "teams": []}}).status_code == 501
        assert admin.delete(path).status_code == 204
    with client(sample.url, sample.forge.create_token("dev")) as writer:
        assert writer.put(path, json=wanted).status_code == 403
    # Asked on purpose.
    sample.forge.clear_calls()


def test_rules_of_rulesets_are_readable_by_all_and_classic_protection_is_not_among_them(
    sample: Sample, api: httpx2.Client
) -> None:
    sample.forge.protect(NAME, checks=["classic"])
    assert api.get(f"{R}/rules/branches/main").json() == []
    sample.forge.protect(NAME, checks=["tests"], approvals=1, strict=True, ruleset="Main")
    rules = {rule["type"]: rule for rule in sample.client({}).get(f"{R}/rules/branches/main").json()}
    assert set(rules) == {"required_status_checks", "pull_request", "non_fast_forward", "deletion"}
    assert rules["required_status_checks"]["parameters"]["strict_required_status_checks_policy"] is True
    assert rules["pull_request"]["parameters"]["required_approving_review_count"] == 1
    assert api.get(f"{R}/rules/branches/none").json() == []


def test_a_protected_ref_is_not_moved_directly(sample: Sample, api: httpx2.Client) -> None:
    forge, sha = sample.forge, sample.pull.head_sha
    forge.protect(NAME, checks=["tests"], approvals=0)
    ref = f"{R}/git/refs/heads/main"
    words = _message(api.patch(ref, json={"sha": sha}), 422)
    assert words == 'Changes must be made through a pull request. Required status check "tests" is expected.'
    assert _message(api.patch(ref, json={"sha": forge.commit(NAME, "x", {"x": ""}), "force": True}), 422)
    assert _message(api.delete(ref), 422) == "Cannot delete this branch"
    content = {"message": "m", "content": "eAo=", "branch": "main"}
    assert "through a pull request" in _message(api.put(f"{R}/contents/new.txt", json=content), 409)


def test_a_branch_with_required_checks_only_takes_a_commit_that_has_them(sample: Sample, api: httpx2.Client) -> None:
    sample.forge.protect(NAME, checks=["tests"])
    _report(api, sample.pull.head_sha, "tests", conclusion="success")
    assert api.patch(f"{R}/git/refs/heads/main", json={"sha": sample.pull.head_sha}).status_code == 200


def test_a_force_push_is_refused_even_to_admins(sample: Sample) -> None:
    lonely = sample.forge.commit(NAME, "lonely", {"x": "y\n"})
    sample.forge.commit(NAME, "main", {"more.txt": "x\n"})
    sample.forge.protect(NAME, enforce_admins=False)
    body = {"sha": lonely, "force": True}
    with client(sample.url, sample.forge.create_token("octo")) as admin:
        assert _message(admin.patch(f"{R}/git/refs/heads/main", json=body), 422) == "Cannot force-push to this branch"
        sample.forge.protect(NAME, enforce_admins=False, force_pushes=True)
        assert admin.patch(f"{R}/git/refs/heads/main", json=body).status_code == 200


def _git(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.run(["git", *identity, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_git_push_is_refused_for_the_same_reasons(sample: Sample, tmp_path: Path) -> None:
    address = f"{sample.url}/{NAME}.git".replace("//", f"//x-access-token:{sample.token()}@", 1)
    _git("clone", "--quiet", address, "work", cwd=tmp_path)
    work = tmp_path / "work"
    _git("commit", "--allow-empty", "--quiet", "-m", "direct", cwd=work)
    sample.forge.protect(NAME, approvals=0)
    refused = _git("push", "origin", "HEAD:main", cwd=work)
    assert refused.returncode == 1
    assert "GH006: Protected branch update failed for refs/heads/main." in refused.stderr
    assert "Changes must be made through a pull request." in refused.stderr
    sample.forge.unprotect(NAME)
    sample.forge.protect(NAME, ruleset="Main")
    assert _git("push", "--quiet", "origin", "HEAD:main", cwd=work).returncode == 0
    _git("reset", "--quiet", "--hard", "HEAD~1", cwd=work)
    _git("commit", "--allow-empty", "--quiet", "-m", "other", cwd=work)
    forced = _git("push", "--force", "origin", "HEAD:main", cwd=work)
    assert "GH013: Repository rule violations found for refs/heads/main." in forced.stderr
    assert "Cannot force-push to this branch" in forced.stderr
    assert _git("push", "--quiet", "origin", "HEAD:elsewhere", cwd=work).returncode == 0
    sample.forge.protect(NAME, "elsewhere")
    assert "Cannot delete this branch" in _git("push", "origin", ":elsewhere", cwd=work).stderr


def test_git_push_brings_no_merge_commit_where_the_history_is_linear(sample: Sample, tmp_path: Path) -> None:
    sample.forge.protect(NAME, linear=True)
    address = f"{sample.url}/{NAME}.git".replace("//", f"//x-access-token:{sample.token()}@", 1)
    _git("clone", "--quiet", address, "work", cwd=tmp_path)
    work = tmp_path / "work"
    _git("merge", "--quiet", "--no-ff", "-m", "merged", "origin/feature", cwd=work)
    refused = _git("push", "origin", "HEAD:main", cwd=work)
    assert refused.returncode == 1
    assert "GH006: Protected branch update failed for refs/heads/main." in refused.stderr
    assert "This branch must not contain merge commits." in refused.stderr
    assert _git("push", "--quiet", "origin", "HEAD:elsewhere", cwd=work).returncode == 0
    assert _git("push", "--quiet", "origin", "origin/feature:main", cwd=work).returncode == 0
