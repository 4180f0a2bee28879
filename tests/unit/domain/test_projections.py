from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forgehand.domain.facts import Fact
from forgehand.domain.projections import by_row, goes, lasting, project, rows_after, timed, window_series
from forgehand.domain.tallies import Tally, tally_from

NOW = 1_800_000_100.0
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
NAMES = st.sampled_from(["made", "worker", "was", "age", "seconds", "repository", "target", "event", "verdict", "why"])


def test_a_fact_counts_in_the_totals_and_in_each_window_that_it_lies_in() -> None:
    rows = folded(fact("pull.merged", repository_id=22))
    assert rows["totals", "all"].counts == {"pull.merged": 1}
    assert {key: tally.counts for key, tally in rows.items() if timed(key[0])} == {
        ("300:all", "1800000000"): {"pull.merged": 1},
        ("900:all", "1800000000"): {"pull.merged": 1},
        ("3600:all", "1800000000"): {"pull.merged": 1},
        ("3600:repositories/22", "1800000000"): {"pull.merged": 1},
    }
    assert rows["300:all", "1800000000"].at == 1_800_000_000


def test_an_ended_job_counts_for_its_worker_and_its_repository_with_how_long_it_took() -> None:
    rows = folded(a_job_fact("completed", age=4.0, seconds=1.0, repository="acme/rocket"))
    for key in (("totals", "all"), ("workers", "review"), ("repositories", "22"), ("900:workers/review", "1800000000")):
        assert rows[key].count("job.completed") == 1
        assert (rows[key].times("job").longest, rows[key].times("run").longest) == (4.0, 1.0)
    assert rows["repositories", "22"].last("name") == "acme/rocket"
    assert rows["workers", "review"].last_at("job.review") == NOW


def test_a_repository_is_known_by_its_full_name_and_by_its_own() -> None:
    rows = folded(fact("pull.merged", repository_id=22, repository="Acme/Rocket"))
    for name in ("acme/rocket", "rocket acme/rocket"):
        assert (rows["names", name].last("id"), rows["names", name].last("name")) == ("22", "Acme/Rocket")
    assert not any(series == "names" for series, _ in folded(fact("pull.merged", repository="acme/rocket")))


def test_what_is_under_way_goes_up_with_what_was_made_and_down_with_what_ended() -> None:
    received = fact("delivery.received", event="push", made={"planner": 1})
    planned = fact("job.completed", delivery="g", worker="planner", made={"review": 2, "tester": 1})
    rows = folded(received)
    assert (rows["totals", "all"].count("now.planning"), rows["workers", "planner"].count("now.planning")) == (1, 1)
    rows = folded(received, planned)
    assert standing(rows) == {"now.open": 3}
    rows = folded(received, planned, a_job_fact("completed"), a_job_fact("waiting"))
    assert standing(rows) == {"now.open": 1, "now.waiting": 1}
    assert (rows["workers", "review"].count("now.open"), rows["workers", "tester"].count("now.open")) == (0, 1)
    woken = a_job_fact("pending", was="waiting")
    rows = folded(received, planned, a_job_fact("completed"), a_job_fact("waiting"), woken)
    assert standing(rows) == {"now.open": 2}


def test_dead_letters_stand_until_they_are_retried_or_forgotten() -> None:
    made, dead = fact("delivery.planned", made={"review": 2}), a_job_fact("dead_letter")
    assert standing(folded(made, dead, dead)) == {"now.dead_letter": 2}
    again, gone = a_job_fact("pending", was="dead_letter"), a_job_fact("forgotten", was="dead_letter")
    assert standing(folded(made, dead, dead, again, gone)) == {"now.open": 1}


def test_an_unknown_effect_stands_until_a_person_settles_it() -> None:
    unknown = fact("effect.unknown", worker="review", repository_id=22)
    assert standing(folded(unknown)) == {"now.unknown": 1}
    assert standing(folded(unknown, fact("admin.settle"))) == {}


def test_the_clockwork_is_counted_apart_and_stands_nowhere() -> None:
    rows = folded(fact("job.completed", worker="sweep", age=2.0))
    assert rows["totals", "all"].counts == {"poll.completed": 1}
    assert rows["totals", "all"].times("job").count == 0


def test_planning_is_counted_apart_from_the_work_that_it_plans() -> None:
    rows = folded(
        fact("delivery.received", made={"planner": 1}), fact("job.completed", delivery="g", worker="planner", age=1.0)
    )
    assert rows["totals", "all"].count("plan.completed") == 1
    assert rows["totals", "all"].count("job.completed") == 0
    assert rows["totals", "all"].times("plan").count == 1


def test_a_verdict_counts_by_what_it_is() -> None:
    rows = folded(fact("review.judged", repository_id=22, verdict="approved"))
    assert rows["repositories", "22"].counts == {"review.judged": 1, "review.approved": 1}


def test_failures_are_listed_with_what_a_person_needs_to_find_them() -> None:
    failed = a_job_fact("failed", why="no such branch", repository="acme/rocket", subject="pull/7")
    row = folded(failed)["failures", failed.id]
    assert (row.at, row.last("why"), row.last("subject"), row.last("job")) == (NOW, "no such branch", "pull/7", "job")
    assert ("failures", failed.id) not in folded(a_job_fact("completed"))


def test_windows_and_failures_go_with_age_but_for_the_hours_of_everything_and_of_workers() -> None:
    assert goes("failures")
    assert goes(window_series(300))
    assert goes(window_series(3600, "repositories/22"))
    assert not goes(window_series(3600))
    assert not goes(window_series(3600, "workers/review"))
    assert not goes("repositories")
    rows = lasting([a_job_fact("failed")])
    assert {series for series, _ in rows} == {"totals", "workers", "repositories"}


@given(
    kind=st.sampled_from(["job.completed", "job.failed", "effect.done", "delivery.received", "admin.settle"])
    | st.text(),
    at=st.floats(),
    repository_id=st.none() | st.integers(),
    data=st.dictionaries(NAMES, JSON),
)
def test_no_fact_whatever_it_holds_stops_the_folding(
    kind: str, at: float, repository_id: int | None, data: dict[str, Any]
) -> None:
    odd = Fact("odd", kind, at, repository_id=repository_id, data=data)
    for row in rows_after(by_row([odd]), []):
        assert tally_from(row.content, row.at).text() == row.content
    assert project(odd) == project(odd)


def folded(*facts: Fact) -> dict[tuple[str, str], Tally]:
    return {(row.series, row.name): tally_from(row.content, row.at) for row in rows_after(by_row(facts), [])}


def standing(rows: dict[tuple[str, str], Tally]) -> dict[str, int]:
    counts = rows["totals", "all"].counts
    return {name: number for name, number in counts.items() if name.startswith("now.") and number}


def fact(kind: str, *, delivery: str | None = None, repository_id: int | None = None, **data: Any) -> Fact:
    return Fact(f"id of {kind}", kind, NOW, delivery, "job", repository_id, data)


def a_job_fact(state: str, **data: Any) -> Fact:
    return fact(f"job.{state}", delivery="g", repository_id=22, worker="review", **data)
