"""Giving access by Login Flow v2: begin, hear, change, take back. The person is the verified caller, never an argument."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from nextcloud_mcp_server.auth.inbound.token_cache import TOPIC_USER, user_key
from nextcloud_mcp_server.auth.leftovers import AGAIN_SECONDS, Leftovers
from nextcloud_mcp_server.auth.outbound.grants import Grant, Grants
from nextcloud_mcp_server.auth.people import Access, AccessStore, OtherUser, People
from nextcloud_mcp_server.auth.provisioning.account import CANNOT, Decision, Presenter
from nextcloud_mcp_server.auth.provisioning.answers import (
    OlderProvisionAnswer,
    OlderStatusAnswer,
    ProvisionAnswer,
    RevokeAnswer,
    StatusAnswer,
    UpdateAnswer,
)
from nextcloud_mcp_server.auth.provisioning.flows import REMEMBERED, Flows, PendingFlow
from nextcloud_mcp_server.auth.scopes import OIDC, canonical
from nextcloud_mcp_server.auth.server.consents import Consents
from nextcloud_mcp_server.core.caller import Caller
from nextcloud_mcp_server.core.errors import NextcloudError
from nextcloud_mcp_server.nextcloud import login_flow
from nextcloud_mcp_server.nextcloud.credentials import Credential, basic
from nextcloud_mcp_server.nextcloud.session import Session
from nextcloud_mcp_server.nextcloud.transport import Transport
from nextcloud_mcp_server.storage.events import Events

_ADVICE = "Show this address to the person to open in a browser, then call nc_auth_check_status every 5 seconds."
_CONSENT = "work-while-away"
_Begun = tuple[Literal["login_required", "pending", "declined", "cancelled", "error"], str, str | None]


@dataclass(frozen=True)
class Login:
    """`page` is the address of this server's page that forwards to Nextcloud; `known` gives the scopes that exist.

    `consent_page` is the one where work while away is allowed at a provider, where that is the way.
    """

    transport: Transport
    session: Callable[[Credential], Session]
    people: People
    store: AccessStore
    flows: Flows
    events: Events
    consents: Consents
    page: str
    known: Callable[[], frozenset[str]]
    grants: Grants | None = None
    consent_page: str | None = None

    async def provision(self, caller: Caller, scopes: Iterable[str] | None, present: Presenter = CANNOT) -> ProvisionAnswer:
        """Begins a flow unless access is there already."""
        wanted = None if scopes is None else frozenset(map(canonical, scopes))
        if problem := self._unknown(wanted):
            return ProvisionAnswer(success=False, status="error", message=problem)
        access = await self._access(caller)
        if access:
            told = f"Access was given by {access.login_name}. nc_auth_update_scopes changes what it covers."
            return ProvisionAnswer(
                success=True, status="already_provisioned", message=told, user_id=access.user, requested_scopes=_shown(access.scopes)
            )
        status, message, url = await self._begin(caller, wanted, present)
        return ProvisionAnswer(success=status != "error", status=status, message=message, login_url=url, requested_scopes=_shown(wanted))

    async def check(self, caller: Caller) -> StatusAnswer:
        """Hears whether the person granted; a flow in progress comes before a password that is stored."""
        flow = await self.flows.of(caller)
        if flow is None:
            return await self._without_flow(caller, "Nothing was begun. nc_auth_provision_access begins.")
        try:
            granted = flow.granted or await login_flow.poll(self.transport, flow.token)
            if granted is None:
                return await self._not_yet(caller, flow)
            if flow.granted is None:
                await self._leftovers.hold(flow.id, granted, flow.deadline + REMEMBERED + AGAIN_SECONDS)
                flow = await self.flows.granted(flow, granted)
            return await self._finish(caller, flow, granted)
        except NextcloudError as error:
            return StatusAnswer(success=False, status="error", message=f"{error.message} The sign-in goes on; check again.")

    async def update(
        self, caller: Caller, add: Iterable[str] | None, remove: Iterable[str] | None, present: Presenter = CANNOT
    ) -> UpdateAnswer:
        """Asks anew with other scopes; the old access stays until the person granted. What is in both is removed."""
        added, removed = (frozenset(map(canonical, each or ())) for each in (add, remove))
        if not added and not removed:
            return UpdateAnswer(success=False, status="error", message="Name scopes to add or to remove.")
        if problem := self._unknown(added | removed):
            return UpdateAnswer(success=False, status="error", message=problem)
        access = await self._access(caller)
        if access is None:
            return UpdateAnswer(success=False, status="error", message="No access was given yet. nc_auth_provision_access begins.")
        before = access.scopes if access.scopes is not None else self.known() - OIDC
        after = (before | added) - removed
        shown: dict[str, Any] = {"previous_scopes": sorted(before), "new_scopes": sorted(after)}
        if not after:
            told = "Nothing would be left. revoke_nextcloud_access takes the access back altogether."
            return UpdateAnswer(success=False, status="error", message=told, **shown)
        if after == before:
            return UpdateAnswer(success=True, status="unchanged", message="The access covers exactly this already.", **shown)
        status, message, url = await self._begin(caller, after, present)
        return UpdateAnswer(success=status != "error", status=status, message=message, login_url=url, **shown)

    async def revoke(self, caller: Caller) -> RevokeAnswer:
        """Deletes the access at Nextcloud and the provider where they answer, and here in any case; clients are approved anew."""
        await self.flows.remove(caller)
        user = await self.people.user_of(*caller.key)
        problem = await self._forget_password(user) if user else None
        if self.grants:
            for grant in await self.grants.of(*caller.key):
                await self.grants.remove(grant.id)
        for key in {caller.key, *(await self.people.callers_of(user) if user else ())}:
            await self.consents.forget(*key)
            await self.events.publish(TOPIC_USER, user_key(*key))
        if problem:
            told = f"The access is deleted here. Nextcloud could not delete it: {problem} Remove it there under Settings, Security."
            return RevokeAnswer(success=True, message=told)
        return RevokeAnswer(success=True, message="This server has no access to your Nextcloud any more.")

    async def status(self, caller: Caller) -> OlderStatusAnswer:
        """Whether access was given, without asking Nextcloud."""
        access = await self._access(caller)
        if access is None:
            grant = await self._grant(caller)
            return _granted(grant) if grant else OlderStatusAnswer(success=True, is_provisioned=False)
        at = datetime.datetime.fromtimestamp(access.created_at, datetime.UTC).isoformat(timespec="seconds")
        return OlderStatusAnswer(
            success=True,
            is_provisioned=True,
            provisioned_at=at,
            credential_type="app_password",
            client_id=caller.client_id,
            scopes=_shown(access.scopes),
            flow_type=access.method,
        )

    async def consent(self, caller: Caller, present: Presenter = CANNOT) -> OlderProvisionAnswer:
        """Begins giving access in the way of the mode: by Login Flow v2, or offline access at the provider."""
        if self.consent_page is None:
            answer = await self.provision(caller, None, present)
            given = answer.status == "already_provisioned"
            url = answer.login_url
            return OlderProvisionAnswer(success=answer.success, message=answer.message, provisioning_url=url, already_provisioned=given)
        if await self._grant(caller):
            return OlderProvisionAnswer(success=True, message="Work while you are away is allowed already.", already_provisioned=True)
        decision = present.answer(_CONSENT) or await present.show(
            _CONSENT, self.consent_page, "Allow this server to work for you while you are away."
        )
        if decision in ("declined", "cancelled"):
            return OlderProvisionAnswer(success=True, message="The person did not want to. Nothing was changed.")
        told = "Let the person open this address in a browser; check_provisioning_status tells when it is done."
        return OlderProvisionAnswer(success=True, message=told, provisioning_url=self.consent_page)

    async def _grant(self, caller: Caller) -> Grant | None:
        for grant in await self.grants.of(*caller.key) if self.grants else ():
            if grant.offline and grant.state != "lost":
                return grant
        return None

    async def _begin(self, caller: Caller, scopes: frozenset[str] | None, present: Presenter) -> _Begun:
        before = await self.flows.of(caller)
        if before and before.scopes == scopes and not self.flows.over(before) and (said := present.answer(before.id)):
            return await self._decided(caller, before, said)
        try:
            flow = await login_flow.begin(self.transport, "Nextcloud MCP server")
        except NextcloudError as error:
            return "error", f"The sign-in could not be begun: {error.message}", None
        begun = await self.flows.begin(caller, flow, scopes)
        decision = await present.show(begun.id, self._url(begun), "Sign in at your Nextcloud and grant this server access.")
        return await self._decided(caller, begun, decision)

    async def _decided(self, caller: Caller, flow: PendingFlow, decision: Decision | None) -> _Begun:
        match decision:
            case None:
                return "login_required", _ADVICE, self._url(flow)
            case "accepted":
                return "pending", "The person opened the page. Call nc_auth_check_status every 5 seconds.", self._url(flow)
            case "declined" | "cancelled":
                await self.flows.remove(caller)
                return decision, "The person did not want to. Nothing was changed.", None

    def _url(self, flow: PendingFlow) -> str:
        return f"{self.page}?flow={flow.id}"

    async def _not_yet(self, caller: Caller, flow: PendingFlow) -> StatusAnswer:
        if self.flows.over(flow):
            await self.flows.remove(caller)
            return await self._without_flow(caller, "The sign-in ran out after 20 minutes. nc_auth_provision_access begins anew.")
        access = await self._access(caller)
        told = "The person has not granted access yet." + (" What they granted before goes on working." if access else "")
        return StatusAnswer(success=True, status="pending", message=told, user_id=access.user if access else None)

    async def _without_flow(self, caller: Caller, message: str) -> StatusAnswer:
        access = await self._access(caller)
        return _provisioned(access) if access else StatusAnswer(success=True, status="not_initiated", message=message)

    async def _finish(self, caller: Caller, flow: PendingFlow, granted: login_flow.Granted) -> StatusAnswer:
        user = await self.session(basic(granted.login_name, granted.password)).uid()
        before = await self.store.password(user, "replaced") if await self.store.get(user) else None
        try:
            async with self.store.database.transaction() as transaction:
                await self.people.bind(*caller.key, user, on=transaction)
                await self.flows.remove(caller, on=transaction)
                await self._leftovers.settle(flow.id, on=transaction)
                await self.store.store(user, granted.login_name, granted.password, flow.scopes, "login_flow", on=transaction)
        except OtherUser:
            await self.flows.remove(caller)
            await self._leftovers.delete(granted)
            await self._leftovers.settle(flow.id)
            told = "Another Nextcloud account granted access than the one that belongs to you here. It was not stored."
            return StatusAnswer(success=False, status="error", message=told)
        await self.store.told()
        if before and before != granted:
            await self._leftovers.delete(before)
        return await self._without_flow(caller, "The access was taken back in the meantime.")

    async def _forget_password(self, user: str) -> str | None:
        given = await self.store.password(user, "revoke")
        problem = await login_flow.delete_app_password(self.transport, basic(given.login_name, given.password)) if given else None
        await self.store.remove(user, "revoke")
        return problem

    @property
    def _leftovers(self) -> Leftovers:
        return Leftovers(self.store.vault, self.transport)

    async def _access(self, caller: Caller) -> Access | None:
        user = await self.people.user_of(*caller.key)
        return await self.store.get(user) if user else None

    def _unknown(self, scopes: frozenset[str] | None) -> str | None:
        known = self.known() - OIDC
        unknown = (scopes or frozenset()) - known - OIDC
        if scopes is not None and not scopes:
            return f"Name at least one scope, or none at all for everything. There is: {', '.join(sorted(known))}."
        return f"There is no scope {', '.join(sorted(unknown))}. There is: {', '.join(sorted(known))}." if unknown else None


def _granted(grant: Grant) -> OlderStatusAnswer:
    at = datetime.datetime.fromtimestamp(grant.created_at, datetime.UTC).isoformat(timespec="seconds")
    return OlderStatusAnswer(
        success=True,
        is_provisioned=True,
        provisioned_at=at,
        credential_type="refresh_token",
        client_id=grant.client_id,
        scopes=sorted(grant.scopes),
        flow_type="offline_access",
    )


def _provisioned(access: Access) -> StatusAnswer:
    return StatusAnswer(
        success=True,
        status="provisioned",
        message="This server has access to your Nextcloud.",
        user_id=access.user,
        scopes=_shown(access.scopes),
        username=access.login_name,
    )


def _shown(scopes: frozenset[str] | None) -> list[str] | None:
    return None if scopes is None else sorted(scopes)
