"""How a tool is declared: a plain function, an effect, the scopes it needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

Effect = Literal["read", "create", "update", "delete"]
Run = Callable[..., Awaitable[Any]]
F = TypeVar("F", bound=Run)


class Injected:
    """What the server hands to a tool and the model never sees: a parameter whose type derives from this.

    Clients of apps derive from `nextcloud.client.Client`; for other kinds the server has a provider.
    """


class Progress(Injected):
    """Tells the person how far a long call has come; this one tells nobody, for tests and background work."""

    async def __call__(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """`done` of `total` units (None: unknown); `message` is shown as it is."""


@dataclass(frozen=True)
class Tool:
    """One tool as an app declares it.

    `items` and `total` name the answer's fields for a `Page`; `untrusted` says that the answer may hold other
    people's text, `cleaned` that nobody writes it back (as no listing is), so that what hides in it is taken out; `modes`
    lists the modes it exists in (none given: all); `always` keeps it listed in read-only mode and outside toolsets
    (signing in); `title` is for people, made of the name if left out; `everywhere` says that it reads in every app that the
    caller may read, not in its own alone.
    """

    run: Run
    app: str
    effect: Effect
    scopes: frozenset[str]
    items: str = "results"
    total: str = "total"
    untrusted: bool = False
    cleaned: bool = False
    modes: frozenset[str] = frozenset()
    always: bool = False
    everywhere: bool = False
    title: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.run.__name__


@dataclass
class Toolbox:
    """Collects the tools of one app; decorated functions stay as they are."""

    app: str
    scope: str = ""
    tools: list[Tool] = field(default_factory=list[Tool])

    def read(self, **declared: Any) -> Callable[[F], F]:
        return self._declare("read", "read", declared)

    def create(self, **declared: Any) -> Callable[[F], F]:
        return self._declare("create", "write", declared)

    def update(self, **declared: Any) -> Callable[[F], F]:
        return self._declare("update", "write", declared)

    def delete(self, **declared: Any) -> Callable[[F], F]:
        return self._declare("delete", "write", declared)

    def _declare(self, effect: Effect, access: str, declared: dict[str, Any]) -> Callable[[F], F]:
        scopes = frozenset(declared.pop("scopes", (f"{self.scope or self.app}:{access}",)))

        def add(run: F) -> F:
            self.tools.append(Tool(run, self.app, effect, scopes, **declared))
            return run

        return add
