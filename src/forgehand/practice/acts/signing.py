"""How an account signs a commit that GitHub makes for it. Used by `acts`, `routes` and `Forge.commit`."""

from forgehand.practice.git import Signature
from forgehand.practice.world import World


def signature(world: World, login: str) -> Signature:
    """Name and the account's no-reply address.
    https://docs.github.com/en/account-and-profile/reference/email-addresses-reference"""
    user = world.account(login)
    return Signature(user.login, f"{user.id}+{user.login}@users.noreply.github.com", world.now())
