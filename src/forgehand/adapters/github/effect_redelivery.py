"""Redeliveries: asked for as the App itself. A second one costs a duplicate, which intake drops by its GUID.

https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook
"""

from forgehand.adapters.github.client import GitHub
from forgehand.adapters.github.errors import Actor
from forgehand.domain.effects import Redelivery
from forgehand.ports.effects import Receipt


class RedeliveryPerformer:
    repeatable = True

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def find(self, effect: Redelivery, remote_id: str | None) -> Receipt | None:
        return None

    async def perform(self, effect: Redelivery, existing: Receipt | None, send_before: float) -> Receipt:
        path = f"/app/hook/deliveries/{effect.hook_delivery}/attempts"
        await self._github.write("POST", path, Actor.APP, send_before=send_before)
        return Receipt(str(effect.hook_delivery))

    async def tidy(self, effect: Redelivery, receipt: Receipt, send_before: float) -> Receipt:
        return receipt
