"""A GitHub on localhost over bare git repositories, for the demo and for every flow test.

It stands alone: nothing of the product is imported here, so that the two cannot share a bug. `forge` is the
door for code, `server` the one for HTTP. What is not modelled answers 501, and is recorded.
"""

from forgehand.practice.forge import Forge
from forgehand.practice.record import Call
from forgehand.practice.records import Quirks
from forgehand.practice.server import ForgeServer

__all__ = ["Call", "Forge", "ForgeServer", "Quirks"]
