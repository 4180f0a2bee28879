"""The policy file: what it becomes, and what it says of every mistake."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.crafts.policy_file import MAX_BYTES, parse
from forgehand.domain.effects.merge import MergeMethod
from forgehand.domain.findings import Severity
from forgehand.domain.permissions import Permission
from forgehand.domain.policy import Goes, PolicyError, PolicyFile, Priority, Rule, Section
from forgehand.domain.policy import rules as r

FILE = b"""
review:
  blocking: minor
merge:
  method: rebase
  hold_labels: [wip]
  queue: {most: 3}
rules:
  - name: payments
    says: Two people look at payments.
    if:
      files: {any: ["pay/**"]}
    require:
      reviews: {approvals: 2, by: [ann, ben, eve]}
      checks: {passed: [unit], all_passed: true}
branches:
  release/*:
    merge: {auto: false}
    rules:
      - name: only fixes
        require:
          any:
            - title: {any: ["fix*: *"]}
            - not: {author: {bot: false, permission: triage}}
"""


def test_the_priorities_of_the_queue_are_conditions_as_those_of_rules() -> None:
    text = b"merge: {queue: {priority: [{if: {labels: {any: [hotfix]}, draft: false}, goes: first}]}}"
    hotfix = r.AllOf((r.Labels(r.Choice(any=("hotfix",))), r.Draft(False)))
    assert parse(text).everywhere.values == (("merge.queue.priority", (Priority(hotfix, Goes.FIRST),)),)


def test_the_file_becomes_the_values_that_it_gives_and_no_others() -> None:
    payments = Rule(
        "payments",
        r.AllOf((r.Checks(("unit",), all_passed=True), r.Reviews(2, Permission.WRITE, ("ann", "ben", "eve")))),
        when=r.Files(r.Choice(any=("pay/**",))),
        says="Two people look at payments.",
    )
    author = r.Author(bot=False, permission=Permission.TRIAGE)
    fixes = Rule("only fixes", r.AnyOf((r.Title(r.Choice(any=("fix*: *",))), r.Not(author))))
    values = (
        ("review.blocking", Severity.MINOR),
        ("merge.method", MergeMethod.REBASE),
        ("merge.hold_labels", ("wip",)),
        ("merge.queue.most", 3),
    )
    assert parse(FILE) == PolicyFile(
        Section(values, (payments,)), (("release/*", Section((("merge.auto", False),), (fixes,))),)
    )


def test_every_condition_can_be_written() -> None:
    text = b"""
rules:
  - name: all of them
    require:
      files: {any: [a], all: [a], none: [b]}
      labels: {any: [a], all: [a], none: [b]}
      author: {logins: [dev], permission: write, bot: false, fork: false}
      base: [main]
      head: ["feature/**"]
      draft: false
      checks: {passed: [unit], all_passed: true}
      reviews: {approvals: 1, permission: maintain, by: [ann], no_changes_requested: true}
      size: {min_files: 1, max_files: 2, min_lines: 3, max_lines: 4}
      title: {any: [a], all: [a], none: [b]}
      body: {any: [a]}
      all: [{draft: false}]
      any: [{draft: false}]
      not: {draft: true}
"""
    choice = r.Choice(("a",), ("a",), ("b",))
    (rule,) = parse(text).everywhere.rules
    assert rule.require == r.AllOf(
        (
            r.Files(choice),
            r.Labels(choice),
            r.Author(("dev",), Permission.WRITE, bot=False, fork=False),
            r.Base(("main",)),
            r.Head(("feature/**",)),
            r.Draft(False),
            r.Checks(("unit",), all_passed=True),
            r.Reviews(1, Permission.MAINTAIN, ("ann",), no_changes_requested=True),
            r.Size(1, 2, 3, 4),
            r.Title(choice),
            r.Body(r.Choice(("a",))),
            r.AllOf((r.Draft(False),)),
            r.AnyOf((r.Draft(False),)),
            r.Not(r.Draft(True)),
        )
    )


@pytest.mark.parametrize("text", [b"", b"# nothing yet\n", b"merge: {}\n"])
def test_a_file_that_gives_nothing_leaves_the_defaults(text: bytes) -> None:
    assert parse(text) == PolicyFile()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("merge:\n  methods: squash", "2:3: unknown key “merge.methods”: did you mean “method”?"),
        ("color: red", "1:1: unknown key “color”: write one of review, tests, merge, rules, branches"),
        ("merge: {auto: yes}", "1:15: “merge.auto” is neither true nor false: write true or false"),
        ("merge: {method: squashed}", "1:17: “merge.method” has a value that is not known: did you mean “squash”?"),
        (
            "merge: {method: ff}",
            "1:17: “merge.method” has a value that is not known: write one of merge, squash, rebase",
        ),
        ("merge: {approvals: 21}", "1:20: “merge.approvals” is too large: write at most 20"),
        ("merge: {approvals: two}", "1:20: “merge.approvals” is no whole number: write a whole number"),
        ("merge: {hold_labels: wip}", "1:22: “merge.hold_labels” is no list: write a list, such as [one, two]"),
        ("merge: on", "1:8: “merge” has no keys: write its keys below it, each with a value"),
        ("tests:\n  command:\n", "2:3: “tests.command” has no value: write one, or remove the key"),
        ("rules: [{name: a}]", "1:9: “rules[1].require” is missing here: add it"),
        (
            "rules: [{name: a, require: {draft: false}}, {name: a, require: {draft: true}}]",
            "1:8: 2 rules have the name “a”: give each rule a name of its own",
        ),
        (
            "rules: [{name: a, require: {reviews: {by: [ann]}}}]",
            "1:38: nothing is asked for here: add one of approvals, no_changes_requested",
        ),
        (
            "rules: [{name: a, require: {files: {any: [src/]}}}]",
            "1:43: “src/” is no pattern: for all that is below a folder, write src/**",
        ),
        (
            "rules: [{name: a, require: {files: {any: []}}}]",
            "1:42: “rules[1].require.files.any” is empty: write at least 1",
        ),
        (
            'branches: {"release/[12]": {merge: {auto: false}}}',
            "1:12: “release/[12]” is no pattern: “[” is not understood here: write one pattern for each alternative",
        ),
        (
            "branches: {main: {branches: {}}}",
            "1:19: unknown key “branches.main.branches”: write one of review, tests, merge, rules",
        ),
        ("a: 1\na: 2", "2:1: “a” is there already, in line 1: remove one of them"),
        (
            'rules: [{name: "a\\nb", require: {draft: true}}]',
            "1:16: this text has control characters or line breaks: write it in one line",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_fix(text: str, problem: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse(text.encode())
    assert str(refused.value) == f".forgehand/config.yml:{problem}"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    with pytest.raises(PolicyError) as refused:
        parse(b"merge:\n  auto: 1\n  queue: {most: 0}\nrewiew: {}\n", "octo/.github/.forgehand/config.yml")
    assert [(each.file, each.line) for each in refused.value.problems] == [
        ("octo/.github/.forgehand/config.yml", line) for line in (2, 3, 4)
    ]


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(PolicyError, match="the file has 65,537 bytes: keep it below 65,536"):
        parse(b"#" * (MAX_BYTES + 1))


KEYS = "review tests merge rules branches name if require files any all none not labels base queue auto most main"
WORDS = st.sampled_from(KEYS.split(" "))
VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 99) | st.text(max_size=5) | st.sampled_from(("src/**", "a", "[")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@given(st.binary(max_size=120) | st.dictionaries(WORDS, VALUES, max_size=4).map(lambda each: repr(each).encode()))
def test_any_bytes_give_a_policy_or_the_policy_error(raw: bytes) -> None:
    with suppress(PolicyError):
        parse(raw)
