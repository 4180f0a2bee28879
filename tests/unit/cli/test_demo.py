from forgehand.assembly.serve import ANSWERING_SECONDS
from forgehand.assembly.worker_child import GOODBYE_SECONDS
from forgehand.cli.demo import STOP_SECONDS


def test_the_server_is_given_the_time_that_it_gives_its_worker() -> None:
    assert STOP_SECONDS > ANSWERING_SECONDS + GOODBYE_SECONDS
