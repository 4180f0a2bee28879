"""Edits of workflows."""

import pytest

from forgehand.adapters.analysers.rules.changes import Change, ChangedFile
from forgehand.adapters.analysers.rules.workflow_edits import workflow_edits


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", ".github/actions/build/index.js", "tools/action.yaml"])
def test_what_runs_with_the_repositorys_secrets_is_told(path: str) -> None:
    (finding,) = workflow_edits(Change((ChangedFile(path, "modified", added=1, first=4),)))
    assert (finding.path, finding.line, finding.rule, finding.severity) == (path, 4, "workflow-edit", "minor")


@pytest.mark.parametrize("path", [".github/CODEOWNERS", "docs/.github/workflows/x.yml", "reaction.yml"])
def test_others_are_not(path: str) -> None:
    assert list(workflow_edits(Change((ChangedFile(path, "modified"),)))) == []


def test_a_workflow_that_is_gone_runs_nothing() -> None:
    assert list(workflow_edits(Change((ChangedFile(".github/workflows/ci.yml", "removed"),)))) == []


def test_several_are_told_once() -> None:
    files = (
        ChangedFile(".github/workflows/b.yml", "added"),
        ChangedFile(".github/workflows/a.yml", "modified", first=3),
    )
    (finding,) = workflow_edits(Change(files))
    assert (finding.path, finding.line, finding.title) == (".github/workflows/a.yml", 3, "2 workflows are changed")
