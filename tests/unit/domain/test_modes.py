"""What a job may do, in words."""

import pytest

from forgehand.domain.modes import APPLY, COMMENT_ONLY, Grant, Mode


@pytest.mark.parametrize(
    ("grant", "says"),
    [
        (COMMENT_ONLY, "only comment"),
        (APPLY, "comment, approve and merge"),
        (Grant(Mode.APPLY, allow_push=True), "comment, approve, merge and push"),
        (Grant(allow_push=True), "only comment"),
        (Grant(dispatch=True), "comment and start workflows"),
        (Grant(operate=True), "comment and have GitHub send deliveries again"),
    ],
)
def test_a_grant_is_told_as_what_it_allows(grant: Grant, says: str) -> None:
    assert grant.says == says
