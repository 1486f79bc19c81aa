"""What the sandbox remembers: accounts, app passwords, sessions and the areas' own state. Everything here can be pickled."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class User:
    """An account. `id` never changes; people may log in with the id or with `email`, as in Nextcloud."""

    id: str
    password: str
    display_name: str
    email: str = ""
    enabled: bool = True
    first_login: int = 0
    last_login: int = 0
    language: str = "en"
    profile: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class AppPassword:
    """A device token. It is accepted only together with `login_name`, the name its owner used when it was made."""

    token: str
    user: str
    login_name: str
    name: str
    created: int
    scope_filesystem: bool = True


@dataclass
class Session:
    """A PHP session: whoever presents its cookie is `user`, whatever credentials come along."""

    user: str
    app_password: str | None = None
    values: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Data:
    """The whole persistent state, one pickle."""

    instance_id: str
    users: dict[str, User] = field(default_factory=dict[str, User])
    groups: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    app_passwords: dict[str, AppPassword] = field(default_factory=dict[str, AppPassword])
    sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict[str, Session])
    disabled: set[str] = field(default_factory=set[str])
    counter: int = 0
    state: dict[str, Any] = field(default_factory=dict[str, Any])
