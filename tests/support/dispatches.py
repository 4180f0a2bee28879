"""A run that was to start workflows of five other repositories, with a different end for each. For tests of pages."""

import json

from forgehand.domain.deliveries import Delivery
from forgehand.domain.dispatches import Dispatch, Stand, TargetState, plan_key, state_key, write_dispatch, write_state
from forgehand.domain.facts import Fact
from forgehand.domain.jobs import Change
from forgehand.domain.rulings import Ruling, State
from forgehand.ports.store import Store
from support.stories import REPO

ALLOWED = Ruling("source", State.SATISFIED, "It succeeded on the default branch.")
DENIED = Ruling(
    "target",
    State.VIOLATED,
    "acme/payments lets nobody in.",
    parts=(Ruling("inbound", State.VIOLATED, "No inbound rule names acme/widgets and ci.yml."),),
)
YES = Ruling("target", State.SATISFIED, "Both sides name each other.")


async def dispatched(store: Store, now: float, run: int = 501) -> Dispatch:
    """The plan, and then what two targets came to since."""
    plan = Dispatch(
        run=run,
        attempt=1,
        repository=REPO.full_name,
        repository_id=REPO.id,
        installation=REPO.installation,
        workflow="ci.yml",
        head_branch="main",
        head_sha="9f1c0de" + "0" * 33,
        conclusion="success",
        url=f"https://github.com/acme/widgets/actions/runs/{run}",
        planned_at=now,
        ruling=ALLOWED,
        targets=(
            _target("acme/storefront", Stand.QUEUED, YES),
            _target("octo-labs/a-repository-with-quite-a-long-name", Stand.QUEUED, YES),
            _target("acme/docs", Stand.APPROVAL, YES),
            _target("acme/payments", Stand.DENIED, DENIED, "inbound_not_authorized", DENIED.reason),
            _target("acme/legacy", Stand.FAILED, YES, "ref_not_found", "acme/legacy has no branch or tag main."),
        ),
        delivery=f"run-{run}",
    )
    shop, lab = plan.targets[:2]
    url = "https://github.com/acme/storefront/actions/runs/77"
    ended = TargetState(shop.key, shop.repository, "cd.yml", "main", Stand.ENDED, "", "", 77, url, "success", now, YES)
    failed = TargetState(lab.key, lab.repository, "cd.yml", "main", Stand.ENDED, "", "", 78, url, "failure", now, YES)
    documents = {plan_key(run): write_dispatch(plan)}
    documents |= {state_key(run, 1, each.key): write_state(each) for each in (ended, failed)}
    facts = [_fact(run, "dispatch.plan.created", now, workflow="ci.yml", head=plan.head_sha, targets=5)]
    for each, kind in (
        (shop, "dispatch.trigger.succeeded"),
        (lab, "dispatch.trigger.succeeded"),
        (plan.targets[3], "dispatch.target.denied"),
        (plan.targets[4], "dispatch.trigger.failed"),
        (shop, "dispatch.run.ended"),
    ):
        more = {"target": f"{each.repository}:cd.yml", "reason": each.reason, "why": each.why}
        facts.append(_fact(run, kind, now + 1, **{name: value for name, value in more.items() if value}))
    await store.record(Delivery(f"run-{run}", "workflow_run", b"{}", now), Change())
    await store.commit(Change(facts=tuple(facts), documents=documents), now)
    return plan


async def denied(store: Store, now: float, run: int = 502) -> None:
    """A run that may start nothing."""
    why = "It ended on the branch topic, and only runs of the default branch start others."
    fact = _fact(run, "dispatch.request.denied", now, workflow="ci.yml", reason="source_not_default_branch", why=why)
    await store.record(Delivery(f"run-{run}", "workflow_run", b"{}", now), Change(facts=(fact,)))


def _target(repository: str, stand: Stand, ruling: Ruling, reason: str = "", why: str = "") -> TargetState:
    return TargetState(f"{repository}:cd.yml:main", repository, "cd.yml", "main", stand, reason, why, ruling=ruling)


def _fact(run: int, kind: str, now: float, **data: object) -> Fact:
    about = {"from": REPO.full_name, "run": run, "attempt": 1, "repository": REPO.full_name, **data}
    return Fact(
        f"{kind}:{run}:{json.dumps(about)}", kind, now, delivery=f"run-{run}", repository_id=REPO.id, data=about
    )
