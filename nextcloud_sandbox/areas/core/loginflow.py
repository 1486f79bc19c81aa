"""Login Flow v2: a client gets an address for the browser and polls for the app password. The pages need no JavaScript."""

from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web

from nextcloud_sandbox.areas.core.apppasswords import client_name
from nextcloud_sandbox.calls import Call, html
from nextcloud_sandbox.core import Sandbox
from nextcloud_sandbox.identity import session_cookie
from nextcloud_sandbox.model import Session
from nextcloud_sandbox.routing import Access, Routes

routes = Routes("core")
LIFETIME = 20 * 60
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - Nextcloud</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font-family:sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}}
input,button{{font-size:1rem;padding:.5rem;margin:.2rem 0}}</style>
</head><body><h1>{title}</h1>{body}</body></html>"""


@dataclass
class Flow:
    """One sign-in. `login_token` is in the browser's address, `poll_token` with the client; `granted` is an app password."""

    login_token: str
    poll_token: str
    client: str
    created: int
    login_name: str = ""
    granted: str = ""


def flows_of(sandbox: Sandbox) -> dict[str, Flow]:
    """The flows that are not over, by login token."""
    flows = sandbox.slot("loginflow", dict[str, Flow])
    for token in [token for token, flow in flows.items() if flow.created + LIFETIME < sandbox.now()]:
        del flows[token]
    return flows


def grant(sandbox: Sandbox, login_url: str, user_id: str, login_name: str = "") -> None:
    """What a person does in the browser, for tests: grant access to the client that showed `login_url`."""
    finish(sandbox, flows_of(sandbox)[urlsplit(login_url).path.rpartition("/")[2]], user_id, login_name)


def finish(sandbox: Sandbox, flow: Flow, user_id: str, login_name: str = "") -> None:
    flow.login_name = login_name or user_id
    flow.granted = sandbox.new_app_password(user_id, flow.client, flow.login_name).token


def page(status: int, title: str, body: str) -> web.Response:
    return html(status, PAGE.format(title=escape(title), body=body))


def redirect(location: str) -> web.Response:
    return html(303, "", {"Location": location})


def refused(title: str = "Access forbidden", text: str = "State token does not match") -> web.Response:
    return page(403, title, f"<p>{escape(text)}</p>")


# The client's side


@routes.app("POST", "/login/v2", Access.PUBLIC)
async def init(call: Call) -> web.StreamResponse:
    flow = Flow(call.sandbox.random(128), call.sandbox.random(128), client_name(call), int(call.sandbox.now()))
    flows_of(call.sandbox)[flow.login_token] = flow
    poll = {"token": flow.poll_token, "endpoint": call.url("/login/v2/poll")}
    return call.json({"poll": poll, "login": call.url(f"/login/v2/flow/{flow.login_token}")})


@routes.app("POST", "/login/v2/poll", Access.PUBLIC)
async def poll(call: Call) -> web.StreamResponse:
    token = (await call.params()).text("token")
    flows = flows_of(call.sandbox)
    flow = next((flow for flow in flows.values() if flow.poll_token == token and flow.granted), None)
    if flow is None:
        return call.json([], 404)
    del flows[flow.login_token]
    return call.json({"server": call.base_url(), "loginName": flow.login_name, "appPassword": flow.granted})


# The browser's side


def browser(call: Call) -> tuple[str, Session]:
    """The browser's session, signed in or not, and its cookie."""
    key = session_cookie(call.sandbox, call.request) or ""
    found = call.sandbox.data.sessions.get(key)
    if found is None:
        key = call.sandbox.open_session("")
        found = call.sandbox.data.sessions[key]
    found.values.setdefault("requesttoken", call.sandbox.random(32))
    return key, found


def with_cookie(call: Call, response: web.Response, key: str) -> web.Response:
    response.set_cookie(call.sandbox.data.instance_id, key, httponly=True, samesite="Lax", path=call.sandbox.prefix or "/")
    call.sandbox.touch()
    return response


def hidden(values: dict[str, Any]) -> str:
    return "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">' for name, value in values.items())


def flow_of(call: Call, session: Session) -> Flow | None:
    flow = flows_of(call.sandbox).get(session.values.get("login_token", ""))
    return flow if flow and not flow.granted else None


@routes.app("GET", "/login/v2/flow/{token}", Access.PUBLIC)
async def landing(call: Call) -> web.StreamResponse:
    """Remember which flow this browser is in; the address works until access is granted."""
    flow = flows_of(call.sandbox).get(call.args["token"])
    if flow is None or flow.granted:
        return refused(text="Could not connect account: the login token is invalid or has expired")
    key, session = browser(call)
    session.values["login_token"] = flow.login_token
    values = await call.params()
    return with_cookie(call, redirect(call.url(f"/login/v2/flow?user={quote(values.text('user'))}&direct={values.integer('direct')}")), key)


@routes.app("GET", "/login/v2/flow", Access.PUBLIC)
async def picker(call: Call) -> web.StreamResponse:
    key, session = browser(call)
    flow = flow_of(call, session)
    if flow is None:
        return refused()
    state = session.values["state_token"] = call.sandbox.random(64)
    body = (
        f"<p>Please log in before granting <strong>{escape(flow.client)}</strong> access to your Nextcloud account.</p>"
        f'<form method="get" action="{escape(call.url("/login/v2/grant"))}">{hidden({"stateToken": state})}'
        '<button type="submit">Log in</button></form>'
    )
    return with_cookie(call, page(200, "Connect to your account", body), key)


@routes.app("GET", "/login", Access.PUBLIC)
async def login_form(call: Call) -> web.StreamResponse:
    key, session = browser(call)
    target = (await call.params()).text("redirect_url")
    return with_cookie(call, login_page(call, session, target, ""), key)


def login_page(call: Call, session: Session, target: str, problem: str) -> web.Response:
    fields = hidden({"requesttoken": session.values["requesttoken"], "redirect_url": target})
    body = (
        (f'<p role="alert">{escape(problem)}</p>' if problem else "")
        + f'<form method="post" action="{escape(call.url("/login"))}">{fields}'
        + '<label>Account name or email<br><input name="user" autocomplete="username" autofocus></label><br>'
        + '<label>Password<br><input name="password" type="password" autocomplete="current-password"></label><br>'
        + '<button type="submit">Log in</button></form>'
    )
    return page(401 if problem else 200, "Log in to Nextcloud", body)


@routes.app("POST", "/login", Access.PUBLIC)
async def login(call: Call) -> web.StreamResponse:
    key, session = browser(call)
    values = await call.params()
    if values.text("requesttoken") != session.values["requesttoken"]:
        return call.json({"message": "CSRF check failed"}, 412)
    target = values.text("redirect_url")
    user = call.sandbox.login(values.text("user"), values.text("password"))
    if user is None:
        return with_cookie(call, login_page(call, session, target, "Wrong login or password."), key)
    user.last_login = int(call.sandbox.now())
    fresh = call.sandbox.open_session(user.id)
    call.sandbox.data.sessions[fresh].values = {**session.values, "login_name": values.text("user")}
    call.sandbox.data.sessions.pop(key, None)
    local = target.startswith("/") and not target.startswith("//")
    return with_cookie(call, redirect(call.url(target if local else "/apps/dashboard/")), fresh)


@routes.app("GET", "/login/v2/grant", Access.PUBLIC)
async def grant_form(call: Call) -> web.StreamResponse:
    key, session = browser(call)
    state = (await call.params()).text("stateToken")
    flow = flow_of(call, session)
    if flow is None or not state or state != session.values.get("state_token"):
        return refused()
    if session.user not in call.sandbox.users:
        target = quote(f"/login/v2/grant?stateToken={state}", safe="")
        return with_cookie(call, redirect(call.url(f"/login?redirect_url={target}")), key)
    user = call.sandbox.users[session.user]
    fields = hidden({"requesttoken": session.values["requesttoken"], "stateToken": state})
    body = (
        f"<p>You are logged in as <strong>{escape(user.display_name)}</strong>. You are about to grant "
        f"<strong>{escape(flow.client)}</strong> access to your Nextcloud account.</p>"
        f'<form method="post" action="{escape(call.url("/login/v2/grant"))}">{fields}<button type="submit">Grant access</button></form>'
    )
    return with_cookie(call, page(200, "Account access", body), key)


@routes.app("POST", "/login/v2/grant", Access.PUBLIC)
async def grant_access(call: Call) -> web.StreamResponse:
    _, session = browser(call)
    values = await call.params()
    flow = flow_of(call, session)
    if session.user not in call.sandbox.users:
        return call.json({"message": "Current user is not logged in"}, 401)
    if values.text("requesttoken") != session.values["requesttoken"]:
        return call.json({"message": "CSRF check failed"}, 412)
    if flow is None or values.text("stateToken") != session.values.get("state_token"):
        return refused()
    finish(call.sandbox, flow, session.user, session.values.get("login_name", ""))
    session.values.pop("state_token", None)
    return page(200, "Account connected", "<p>Your client should now be connected. You can close this window.</p>")


@routes.app("GET", "/apps/dashboard/", Access.PUBLIC)
async def dashboard(call: Call) -> web.StreamResponse:
    return page(200, "Dashboard", f"<p>{escape(call.user_or_none.display_name if call.user_or_none else 'Not logged in')}</p>")
