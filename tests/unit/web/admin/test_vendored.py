"""What others wrote is what their release holds, byte for byte, with its licence beside it."""

import hashlib
import re

from forgehand.web.admin.rendering import HERE

STATIC = HERE / "static"


def test_every_vendored_file_is_named_with_its_digest() -> None:
    named = dict(
        re.findall(r"^\| `(vendor/[^`]+)` \|.*`([0-9a-f]{64})` \|$", (STATIC / "VENDORED.md").read_text(), re.M)
    )
    held = {f"vendor/{path.name}": path for path in (STATIC / "vendor").iterdir() if path.suffix != ".LICENSE"}
    assert named == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in held.items()}
    assert "MIT" in (STATIC / "vendor/uPlot.LICENSE").read_text()
