"""YAML 1.2 with places; hostile bytes are refused with a line, whatever they are."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgehand.crafts.located_yaml import MAX_DEPTH, TOP, NotReadable, Place, read

MOST = 64 * 1024


def test_values_are_those_of_yaml_1_2() -> None:
    text = b"on: NO\nyes: [true, FALSE, ~, 12, -3, 1.5, .5e3, '12', \"true\", 2024-01-01, 0x1f, 1_000]\n"
    assert read(text, MOST).value == {
        "on": "NO",
        "yes": [True, False, None, 12, -3, 1.5, 500.0, "12", "true", "2024-01-01", "0x1f", "1_000"],
    }


def test_every_key_and_value_has_its_place() -> None:
    located = read(b"\nmerge:\n  auto: true\nrules:\n  - name: a\n", MOST)
    assert located.place(("merge", "auto"), of_key=True) == Place(3, 3)
    assert located.place(("merge", "auto")) == Place(3, 9)
    assert located.place(("rules", 0, "name")) == Place(5, 11)
    assert located.place(("rules", 0, "require")) == Place(5, 5)


def test_an_empty_file_says_nothing() -> None:
    for text in (b"", b"# only a comment\n", b"---\n"):
        assert read(text, MOST).value is None


def test_anchors_can_be_used_again() -> None:
    assert read(b"a: &x [1, 2]\nb: *x\n", MOST).value == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (b"a: 1\nb: 2\na: 3\n", Place(3, 1), "“a” is there already, in line 1"),
        (b"a: [1\nb: 2\n", Place(2, 2), "expected"),
        (b"a: !!python/object:os.system x\n", Place(1, 4), "the tag"),
        (b"a: *nowhere\n", Place(1, 4), "*nowhere refers to nothing above"),
        (b"a: &x [*x]\n", Place(1, 8), "*x refers to nothing above"),
        (b"a: 1\n---\nb: 2\n", Place(2, 1), "a second document begins here"),
        (b"12: a\n", Place(1, 1), "this key is no text"),
        (b"? [a]\n: b\n", Place(1, 3), "this key is no text"),
        (b"a: \xff\n", Place(1, 1), "this is no UTF-8 text"),
        (b'a: "\\uD800"\n', Place(1, 4), "half of a character"),
        (b"[" * 5000, Place(1, MAX_DEPTH + 2), f"this is nested more than {MAX_DEPTH} deep"),
        (b"x" * (MOST + 1), TOP, "the file has 65,537 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_stands(text: bytes, place: Place, says: str) -> None:
    with pytest.raises(NotReadable) as refused:
        read(text, MOST)
    assert refused.value.place == place
    assert refused.value.message.startswith(says)


def test_a_bomb_of_aliases_is_cut_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(NotReadable, match="too many values"):
        read("\n".join(lines).encode(), MOST)


@given(st.binary(max_size=200) | st.text("a:-[]{}&*!|>'\"#%?,\n \t01~.", max_size=80).map(str.encode))
def test_any_bytes_give_a_value_or_a_refusal(raw: bytes) -> None:
    with suppress(NotReadable):
        read(raw, MOST)
