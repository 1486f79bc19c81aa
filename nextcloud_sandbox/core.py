"""The sandbox itself: accounts, clock, ids, enabled apps and the state that areas keep."""

import secrets
import string
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from nextcloud_sandbox.model import AppPassword, Data, Session, User

if TYPE_CHECKING:
    from nextcloud_sandbox.calls import Call
    from nextcloud_sandbox.routing import Routes
    from nextcloud_sandbox.tree.user import Entry, UserFiles

__all__ = ["Area", "Fault", "Sandbox", "Seen", "User"]

T = TypeVar("T")
Fault = Callable[[web.Request, str], Awaitable[web.StreamResponse | None]]
"""Tried before routing with the request and its path (no prefix, no index.php); an answer other than None is sent instead."""
Listener = Callable[[str, str, dict[str, Any]], None]

MAX_SESSIONS = 10_000
ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Provider:
    """A provider of the unified search. `find(call, term)` gives all entries in OCS's form."""

    id: str
    name: str
    icon: str
    order: int
    find: "Callable[[Call, str], list[dict[str, Any]]]"
    paginated: bool = True
    filters: tuple[tuple[str, str], ...] = (("term", "string"),)


@dataclass(frozen=True)
class Area:
    """What one part of the API contributes. `name` is the Nextcloud app id that `Sandbox.enabled` switches.

    `capabilities(call)` returns the entries for capabilities (`call.user_or_none` is None for an anonymous caller);
    `seed(sandbox)` makes the demo data through the same code as requests; `principal(call, user_id)` adds properties
    (Clark name -> inner XML) to the user's DAV principal; `file_properties` adds or replaces DAV properties of files (None = 404);
    `providers` answer the unified search; `hear` is told every event, as listeners are;
    `order` orders seeding; `optional` areas can be disabled.
    """

    name: str
    routes: "Routes"
    seed: Callable[["Sandbox"], None] | None = None
    capabilities: Callable[["Call"], Mapping[str, Any]] | None = None
    principal: Callable[["Call", str], Mapping[str, str]] | None = None
    file_properties: Mapping[str, Callable[["Call", "Entry"], str | None]] | None = None
    providers: "tuple[Provider, ...]" = ()
    hear: Callable[["Sandbox", str, str, dict[str, Any]], None] | None = None
    optional: bool = True
    order: int = 50


@dataclass(slots=True)
class Seen:
    """One served request, as tests count them. `path` has neither prefix nor index.php; `query` is raw."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    user: str | None = None
    status: int = 0


class Sandbox:
    """One Nextcloud. `clock` gives unix seconds and may be replaced by a test; `state` belongs to the areas."""

    def __init__(self, *, data: Data | None = None, areas: tuple[Area, ...] = (), clock: Callable[[], float] = time.time) -> None:
        self.data = data or Data(instance_id="oc" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(10)))
        self.areas = areas
        self.clock = clock
        self.maintenance = False
        self.prefix = ""
        self.index_php = False
        self.trusted_hosts: set[str] | None = {"127.0.0.1", "localhost", "[::1]"}
        self.faults: list[Fault] = []
        self.requests: deque[Seen] = deque(maxlen=100_000)
        self.listeners: list[Listener] = []
        self.changes = 0
        self.volatile: dict[str, Any] = {}

    @property
    def state(self) -> dict[str, Any]:
        return self.data.state

    @property
    def users(self) -> dict[str, User]:
        return self.data.users

    @property
    def groups(self) -> dict[str, list[str]]:
        return self.data.groups

    @property
    def enabled(self) -> "Enabled":
        """The names of the enabled apps: `sandbox.enabled.discard("notes")` disables one while the sandbox runs."""
        return Enabled(self)

    def slot(self, name: str, factory: Callable[[], T]) -> T:
        """The state kept under `name`, made by `factory` at the first use. It must be picklable."""
        found: T | None = self.data.state.get(name)
        if found is None:
            found = self.data.state[name] = factory()
        return found

    def now(self) -> float:
        return self.clock()

    def next_id(self) -> int:
        """A number never given before: file ids, note ids, tag ids and so on come from this one counter."""
        self.data.counter += 1
        return self.data.counter

    @contextmanager
    def at(self, seconds: float) -> Generator[None]:
        """Let it be `seconds` (unix time) meanwhile, for demo data with a past."""
        clock, self.clock = self.clock, lambda: seconds
        try:
            yield
        finally:
            self.clock = clock

    def touch(self) -> None:
        """Tell that something changed and must be saved. Called by itself after POST, PUT, PATCH, DELETE and the DAV writes."""
        self.changes += 1

    def emit(self, event: str, user: str, **details: Any) -> None:
        for area in self.areas:
            if area.hear is not None:
                area.hear(self, event, user, details)
        for listener in self.listeners:
            listener(event, user, details)

    def files(self, user: str) -> "UserFiles":
        """The file tree of one user, see `nextcloud_sandbox.tree`."""
        from nextcloud_sandbox.tree.user import UserFiles

        return UserFiles(self, user)

    # Accounts

    def add_user(self, user_id: str, password: str, display_name: str = "", *, email: str = "", groups: tuple[str, ...] = ()) -> User:
        user = self.users[user_id] = User(user_id, password, display_name or user_id, email, first_login=int(self.now()))
        for group in groups:
            self.groups.setdefault(group, []).append(user_id)
        return user

    def remove_user(self, user_id: str) -> None:
        self.users.pop(user_id, None)
        for members in self.groups.values():
            if user_id in members:
                members.remove(user_id)
        for password in [p for p in self.data.app_passwords.values() if p.user == user_id]:
            self.revoke(password.token)
        self.emit("user.deleted", user_id)

    def groups_of(self, user_id: str) -> list[str]:
        return [name for name, members in self.groups.items() if user_id in members]

    def is_admin(self, user_id: str) -> bool:
        return user_id in self.groups.get("admin", ())

    def find_login(self, login: str) -> User | None:
        """The account of a login name: its id in any case, or an e-mail address that exactly one account has."""
        for user in self.users.values():
            if user.id.lower() == login.lower():
                return user
        matches = [user for user in self.users.values() if user.email and user.email.lower() == login.lower()]
        return matches[0] if len(matches) == 1 else None

    def new_app_password(self, user_id: str, name: str = "sandbox", login_name: str | None = None, token: str | None = None) -> AppPassword:
        made = AppPassword(token or self.random(72), user_id, login_name or user_id, name, int(self.now()))
        self.data.app_passwords[made.token] = made
        self.touch()
        return made

    def revoke(self, token: str) -> None:
        """Forget an app password and the sessions that it opened."""
        self.data.app_passwords.pop(token, None)
        for key in [key for key, session in self.data.sessions.items() if session.app_password == token]:
            del self.data.sessions[key]
        self.touch()

    def open_session(self, user_id: str, app_password: str | None = None) -> str:
        key = secrets.token_hex(16)
        sessions = self.data.sessions
        sessions[key] = Session(user_id, app_password)
        while len(sessions) > MAX_SESSIONS:
            sessions.popitem(last=False)
        return key

    def login(self, login: str, password: str) -> User | None:
        """The enabled account with this login name and account password."""
        user = self.find_login(login)
        return user if user and user.password == password and user.enabled else None

    def session(self, key: str | None) -> Session | None:
        """A session that still stands for an existing account."""
        found = self.data.sessions.get(key or "")
        return found if found and found.user in self.users else None

    @staticmethod
    def random(length: int) -> str:
        return "".join(secrets.choice(ALPHABET) for _ in range(length))

    def restore(self, data: Data) -> None:
        data.sessions = OrderedDict(data.sessions)
        self.data = data

    def seed_accounts(self) -> None:
        self.groups.update({"admin": [], "project": []})
        self.add_user("admin", "admin", "Admin", email="admin@example.org", groups=("admin",))
        alice = self.add_user("alice", "alice", "Alice Example", email="alice@example.org", groups=("project",))
        alice.profile["timezone"] = "UTC"
        self.add_user("bob", "bob", "Bob Example", email="bob@example.org", groups=("project",))
        self.add_user("carol-4f2a", "carol", "Carol Example", email="carol@example.test")

    def seed(self) -> None:
        """The demo data of every area, in their order."""
        for area in sorted(self.areas, key=lambda area: (area.order, area.name)):
            if area.seed is not None:
                area.seed(self)
        self.touch()


class Enabled:
    """A set-like view of the apps that answer: every optional area that is not disabled, and all that are not optional."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __contains__(self, name: str) -> bool:
        return name not in self._sandbox.data.disabled

    def __iter__(self) -> Iterator[str]:
        return (area.name for area in self._sandbox.areas if area.name in self)

    def add(self, name: str) -> None:
        self._sandbox.data.disabled.discard(name)

    def discard(self, name: str) -> None:
        if any(area.name == name and not area.optional for area in self._sandbox.areas):
            raise ValueError(f"{name} cannot be disabled")
        self._sandbox.data.disabled.add(name)

    remove = discard
