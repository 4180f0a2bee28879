"""What people ordered comes back as it was kept."""

import pytest

from forgehand.domain.orders import NO_ORDERS, Orders, from_json, key, to_json


@pytest.mark.parametrize(
    "orders",
    [
        NO_ORDERS,
        Orders(stopped_by="ada"),
        Orders(merge_by="ada", merge_head="a" * 40, comment=5),
        Orders(approved_by=("ada", "bob"), approved_head="a" * 40),
    ],
)
def test_orders_survive_being_kept(orders: Orders) -> None:
    assert from_json(to_json(orders)) == orders


def test_without_a_document_nobody_ordered_anything() -> None:
    assert from_json(None) == NO_ORDERS


def test_the_key_names_repository_and_pull_request() -> None:
    assert key(42, 7) == "orders:42:7"
