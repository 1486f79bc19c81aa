"""Verified tokens, kept for five minutes at most and dropped at once on every replica when something is revoked."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from nextcloud_mcp_server.auth.inbound.verified import Refused, Verified, Verifier
from nextcloud_mcp_server.storage.events import Events

KEEP_SECONDS = 300.0
REFUSED_SECONDS = 5.0
MAX_ENTRIES = 10_000
TOPIC_TOKEN = "token-revoked"  # noqa: S105 - a topic
TOPIC_USER = "user-revoked"
TOPIC_SESSION = "session-ended"


def digest(token: str) -> str:
    """What stands for a token where the token must not be."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def user_key(issuer: str, subject: str) -> str:
    """The key of a notice about a person."""
    return digest(f"{issuer}\n{subject}")


def _keys(found: Verified) -> tuple[str, str]:
    """A person is told by the subject that counts here, or by the provider's own name for them."""
    return user_key(found.issuer, found.subject), user_key(found.issuer, found.sub)


class CachedVerifier:
    """Another verifier's answers. Refusals are kept for seconds, so that a repeated bad token costs the provider nothing.

    Notices: `token-revoked` with the token's digest, `user-revoked` with `user_key`, `session-ended` with the
    provider's session id.
    """

    def __init__(self, verifier: Verifier, *, clock: Callable[[], float] = time.time) -> None:
        self._verifier = verifier
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Verified | str]] = OrderedDict()
        self._generation = 0

    def listen(self, events: Events) -> None:
        """Drops what notices from any replica name."""
        events.subscribe(TOPIC_TOKEN, self.drop_token)
        events.subscribe(TOPIC_USER, self.drop_user)
        events.subscribe(TOPIC_SESSION, self.drop_session)

    async def verify(self, token: str) -> Verified:
        key, now = digest(token), self._clock()
        until, known = self._known.get(key, (0.0, ""))
        if now >= until:
            known = await self._ask(key, token, now)
        if isinstance(known, str):
            raise Refused(known)
        return known

    def drop_token(self, key: str | None) -> None:
        """Forgets one token by its digest; None forgets all."""
        self._forget(lambda known, _: known == key or key is None)

    def drop_user(self, key: str | None) -> None:
        """Forgets every token of a person."""
        self._forget(lambda _, found: key is None or (isinstance(found, Verified) and key in _keys(found)))

    def drop_session(self, session: str | None) -> None:
        """Forgets every token of a session at the provider."""
        self._forget(lambda _, found: session is None or (isinstance(found, Verified) and found.session == session))

    async def _ask(self, key: str, token: str, now: float) -> Verified | str:
        generation = self._generation
        try:
            found: Verified | str = await self._verifier.verify(token)
        except Refused as refused:
            found = str(refused)
        # A revocation that came while the verifier was asking is newer than its answer.
        if generation == self._generation:
            until = min(found.expires_at, now + KEEP_SECONDS) if isinstance(found, Verified) else now + REFUSED_SECONDS
            self._known[key] = (until, found)
            self._known.move_to_end(key)
            while len(self._known) > MAX_ENTRIES:
                self._known.popitem(last=False)
        return found

    def _forget(self, concerned: Callable[[str, Verified | str], bool]) -> None:
        self._generation += 1
        for key in [key for key, (_, found) in self._known.items() if concerned(key, found)]:
            del self._known[key]
