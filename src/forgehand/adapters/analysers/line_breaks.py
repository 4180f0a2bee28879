"""Files whose lines a program counts otherwise than git, by a break that is none to git. Used by the analysers.

A finding in them would lie on a line that no change has added, and nobody would hear of it.
"""

import re

RETURNS = re.compile(rb"\r(?!\n)")
"""In Python and JavaScript a carriage return alone ends a line."""
OF_YAML = re.compile(rb"\r(?!\n)|\xc2\x85|\xe2\x80[\xa8\xa9]")
"""In YAML so do U+0085, U+2028 and U+2029."""
OTHER_LINES = "it holds line breaks that git does not count, so that nobody can tell where its lines are"
