"""Rows of a delivery that arrives: filled in from another one's, and the same as if they were made anew."""

from hypothesis import given
from hypothesis import strategies as st

from forgehand.adapters.sql.arrivals import record_of_arrival
from forgehand.adapters.sql.verbs_intake import record_of
from forgehand.domain.arrivals import arrival
from forgehand.domain.deliveries import Delivery

names = st.text(max_size=40)


@given(guid=names, event=names, at=st.floats(0, 1e10), ignored=st.sampled_from(["", "nobody waits for it"]))
def test_they_are_those_of_the_job_and_the_fact_that_come_with_it(
    guid: str, event: str, at: float, ignored: str
) -> None:
    delivery = Delivery(guid, event, b"{}", at)
    assert record_of_arrival(delivery, ignored) == record_of(delivery, arrival(delivery, ignored))
