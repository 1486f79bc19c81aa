"""Registering webhooks at Nextcloud (OCS API of the app webhook_listeners), as an administrator."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, TypeAdapter

from nextcloud_mcp_server.core.errors import InvalidValue, MissingApp, NotFound
from nextcloud_mcp_server.nextcloud.answers import shape
from nextcloud_mcp_server.nextcloud.session import Session

PATH = "/webhooks/nextcloud"
"""Where deliveries arrive, below the address of this server."""
API = "/apps/webhook_listeners/api/v1/webhooks"


class Webhook(BaseModel):
    """A registration; its secret is not told."""

    id: int
    uri: str
    event: str


_WEBHOOKS = TypeAdapter(list[Webhook])


@dataclass(frozen=True)
class Registration:
    """`session` is an administrator's. Every call raises NotPermitted for anybody else, MissingApp where the app is not enabled."""

    session: Session

    async def registered(self, uri: str | None = None) -> list[Webhook]:
        """All of this Nextcloud, or those to one address."""
        try:
            found = await self.session.ocs("GET", API, what="the list of webhooks", params={"uri": uri} if uri else {})
        except NotFound:
            raise MissingApp("This Nextcloud has no webhooks.", hint="An administrator can enable the app webhook_listeners.") from None
        return shape(_WEBHOOKS, found, "the list of webhooks")

    async def register(self, uri: str, secret: str, events: Iterable[str]) -> tuple[list[str], list[str]]:
        """Makes one for each event, or gives the one that is there the secret anew; the events registered, and those unknown there."""
        present = {hook.event: hook.id for hook in await self.registered(uri)}
        done: list[str] = []
        unknown: list[str] = []
        for event in events:
            body = {
                "httpMethod": "POST",
                "uri": uri,
                "event": event,
                "eventFilter": {},
                "userIdFilter": "",
                "headers": {},
                "authMethod": "header",
                "authData": {"Authorization": f"Bearer {secret}"},
            }
            path = f"{API}/{present[event]}" if event in present else API
            try:
                await self.session.ocs("POST", path, what=f"the webhook for {event}", json=body)
            except InvalidValue:
                unknown.append(event)
            else:
                done.append(event)
        return done, unknown

    async def remove(self, uri: str) -> int:
        """Removes those to one address; their number."""
        found = await self.registered(uri)
        for hook in found:
            await self.session.ocs("DELETE", f"{API}/{hook.id}", what=f"webhook {hook.id}")
        return len(found)
