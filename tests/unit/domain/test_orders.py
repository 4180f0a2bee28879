"""What people ordered comes back as it was kept."""

import pytest

from forgehand.domain.orders import NO_ORDERS, Orders, from_json, key, to_json


@pytest.mark.parametrize(
    "orders",
    [
        NO_ORDERS,
        Orders(stopped_by="ada"),
        Orders(merge_by="ada", merge_head="a" * 40, merge_base="main", comment=5),
        Orders(approved_by=("ada", "bob"), approved_head="a" * 40, approved_base="main", approved_comment=6),
        Orders(approved_by=("ada", "bob"), approved_at=(7.5, 8.0), approved_head="a" * 40, approved_base="main"),
    ],
)
def test_orders_survive_being_kept(orders: Orders) -> None:
    assert from_json(to_json(orders)) == orders


def test_without_a_document_nobody_ordered_anything() -> None:
    assert from_json(None) == NO_ORDERS


def test_an_order_that_was_kept_without_its_base_is_for_no_branch() -> None:
    kept = from_json('{"merge_by": "ada", "merge_head": "aaa", "approved_by": ["bob"], "approved_head": "aaa"}')
    assert (kept.merge_by, kept.merge_base, kept.approved_by, kept.approved_base) == ("ada", "", ("bob",), "")


def test_an_approval_that_was_kept_without_its_time_was_first() -> None:
    kept = from_json('{"approved_by": ["ada", "bob"], "approved_head": "aaa", "approved_base": "main"}')
    assert kept.approvals == {"ada": 0.0, "bob": 0.0}
    assert Orders(approved_by=("ada", "bob"), approved_at=(7.5, 8.0)).approvals == {"ada": 7.5, "bob": 8.0}


def test_the_key_names_repository_and_pull_request() -> None:
    assert key(42, 7) == "orders:42:7"
