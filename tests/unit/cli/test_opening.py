import pytest

from forgehand.cli.errors import Stop
from forgehand.cli.opening import SEVERAL, one_of


def test_the_beginning_of_one_id_names_it() -> None:
    assert one_of("6977a4", ["6977a41be644"], "job") == "6977a41be644"


def test_the_beginning_of_several_names_them_and_says_when_there_are_more() -> None:
    many = [f"6977a4{number}" for number in range(SEVERAL)]
    with pytest.raises(Stop, match=r"^6977a4 is the beginning of several: 6977a40, 6977a41$"):
        one_of("6977a4", many[:2], "job")
    with pytest.raises(Stop, match=r"several: 6977a40, 6977a41, 6977a42, 6977a43, 6977a44, …$"):
        one_of("6977a4", many, "job")


@pytest.mark.parametrize(
    ("typed", "found", "said"),
    [
        ("6977a", ["6977a41be644"], "no job 6977a: give its id, or at least the first 6 characters of it"),
        ("6977a4", [], "no job 6977a4 is stored"),
    ],
)
def test_what_is_too_short_or_names_nothing_is_said(typed: str, found: list[str], said: str) -> None:
    with pytest.raises(Stop, match=f"^{said}$"):
        one_of(typed, found, "job")
