"""Taking out of a content the comments that mute a program, without moving a line. Used by the analysers that cannot be
told to ignore those.
"""

import re
from collections.abc import Callable

_LINE = re.compile(rb"^[^#\n]*#[^\n]*(?:disable|ignore)[^\n]*", re.MULTILINE)


def deafening(*words: bytes) -> Callable[[bytes], bytes]:
    """What misspells these words in each comment that disables or ignores something. What may stand around a word (a
    program may know more blanks than ASCII has) is not ours to know."""
    spelled = re.compile(b"|".join(words))
    return lambda content: _LINE.sub(lambda line: _misspelled(spelled, line[0]), content)


def _misspelled(spelled: re.Pattern[bytes], line: bytes) -> bytes:
    code, sign, comment = line.partition(b"#")
    return code + sign + spelled.sub(lambda word: word[0][:-1] + b"x", comment)
