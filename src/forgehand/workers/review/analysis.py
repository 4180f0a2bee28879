"""What the analysers saw of a pull request, as the `StaticReview` that is judged. Called by `review_worker`."""

from collections.abc import Container, Sequence

from forgehand.crafts.analysis import Seen, added
from forgehand.crafts.diffs import MalformedPatch, Spans, read_patch
from forgehand.ports.git import Comparison
from forgehand.ports.github import ChangedFile, PullRequest
from forgehand.workers.review.rules.static import File, StaticReview


def reviewed(
    pull: PullRequest, comparison: Comparison, listed: Sequence[ChangedFile], seen: Sequence[Seen]
) -> StaticReview:
    """`listed` are the files that GitHub calls changed. Takes long for large changes: call it in a thread."""
    return StaticReview(
        head_sha=pull.head_sha,
        base_ref=pull.base_ref,
        files=_files(comparison, listed, seen),
        findings=added(comparison, seen),
        failures=tuple((one.name, one.failed) for one in seen if one.failed),
    )


def not_compared(pull: PullRequest, why: str) -> StaticReview:
    """Both sides could not be had at all."""
    return StaticReview(pull.head_sha, pull.base_ref, (), not_compared=why)


def shown_lines(listed: Sequence[ChangedFile]) -> dict[str, Container[int]]:
    """By path, the lines that can carry a comment. GitHub's patch decides: it is the one that will accept or refuse
    them. Takes long for large patches: call it in a thread."""
    return {file.path: _shown(file.patch) for file in listed}


def _files(comparison: Comparison, listed: Sequence[ChangedFile], seen: Sequence[Seen]) -> tuple[File, ...]:
    """Every file that git or GitHub calls changed."""
    files, counts = [], {file.path: (file.additions, file.deletions) for file in listed}
    for file in comparison.files:
        additions, deletions = counts.get(file.path, (0, 0))
        # GitHub may count from where the base branch pointed at the last push.
        additions = max(additions, sum(map(len, file.added)))
        mine = [one for one in seen if file.path in one.head_paths and not file.left_out]
        files.append(
            File(
                path=file.path,
                status=file.status,
                looked=tuple(one.name for one in mine if one.read_all_of(file.path)),
                missed=tuple((one.name, why) for one in mine if (why := one.why_not(file.path))),
                partly=tuple((one.name, why) for one in mine if (why := one.head.partly.get(file.path, ""))),
                left_out=file.left_out,
                excused=file.excused,
                binary=file.binary,
                previous_path=file.previous_path,
                additions=additions,
                deletions=deletions,
            )
        )
    known = {file.path for file in comparison.files}
    files += [
        File(file.path, file.status, left_out="GitHub lists it, git's comparison does not")
        for file in listed
        if file.path not in known
    ]
    return tuple(files)


def _shown(patch: str | None) -> Container[int]:
    try:
        return read_patch(patch).shown
    except MalformedPatch:
        # A patch of GitHub's that we cannot read carries no inline comments; its findings stand in the summary.
        return Spans()
