"""What can go wrong between an assistant and a Nextcloud, as one tree.

NextcloudError
├── InvalidValue        the request itself is wrong: an argument, a state, a format
├── NotFound            no such thing, or hidden from this person
├── NotPermitted        Nextcloud refuses this person
├── CredentialRefused   Nextcloud does not accept the credential at all
├── NotProvisioned      this person has not given the server access yet
├── MissingScope        the person's grant does not cover this
├── MissingApp          the Nextcloud app is not installed or not enabled for this person
├── Changed             somebody else changed it in the meantime (carries the current ETag)
├── AlreadyExists       the name or id is taken
├── Locked              somebody holds a lock on it
├── TooLarge            over a size limit or out of quota
├── RateLimited         too many requests (carries the seconds to wait)
├── Maintenance         Nextcloud is in maintenance or overloaded (may carry the seconds to wait)
├── Unreachable         no answer: network, TLS, time-out
└── BadAnswer           an answer that is cut short, of another shape, or a server fault

A message says what failed, with the value; `hint` says what to do next; `candidates` names what would have worked.
Messages are shown to the assistant: no URL path of Nextcloud, no HTML, no stack, no secret.
"""

from collections.abc import Iterable


class NextcloudError(Exception):
    """The base of all; shown to the assistant as text."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None, candidates: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint
        self.candidates = tuple(candidates)

    def explain(self) -> str:
        """One paragraph: what failed, what would have worked, what to do next."""
        parts = [self.message]
        if self.candidates:
            shown = ", ".join(self.candidates[:20])
            parts.append(f"There is: {shown}{', …' if len(self.candidates) > 20 else ''}.")
        if self.hint:
            parts.append(self.hint)
        return " ".join(parts)


class InvalidValue(NextcloudError):
    hint = "Correct the value and call again; nothing was changed."


class NotFound(NextcloudError):
    hint = "Ids and names come from the listing and search tools."


class NotPermitted(NextcloudError):
    hint = "This account lacks the permission; its owner or an administrator can grant it."


class CredentialRefused(NextcloudError):
    hint = "The stored credential no longer works: sign in again or renew the app password."


class NotProvisioned(NextcloudError):
    hint = "Give this server access to your Nextcloud first."


class MissingScope(NextcloudError):
    hint = "Ask the person to widen the access that they granted."


class MissingApp(NextcloudError):
    hint = "An administrator can install or enable the app in Nextcloud."


class Changed(NextcloudError):
    """Somebody else changed the thing; `etag` is its current one where Nextcloud told it."""

    hint = "Read it again, apply the change to what is there now, and send the new etag."

    def __init__(self, message: str, *, etag: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.etag = etag

    def explain(self) -> str:
        current = f" Its etag is now {self.etag}." if self.etag else ""
        return f"{self.message}{current} {self.hint}"


class AlreadyExists(NextcloudError):
    hint = "Choose another name, or update the existing one."


class Locked(NextcloudError):
    hint = "Somebody is working on it; try again when the lock is gone."


class TooLarge(NextcloudError):
    hint = "Make it smaller, or ask for a part of it."


class Delayed(NextcloudError):
    """The base of failures that pass by themselves; `retry_after` is in seconds where it is known."""

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after

    def explain(self) -> str:
        when = f"Try again in {self.retry_after:.0f} seconds." if self.retry_after is not None else self.hint
        return f"{self.message} {when}".strip()


class RateLimited(Delayed):
    hint = "Try again in a minute."


class Maintenance(Delayed):
    hint = "Try again in a few minutes."


class Unreachable(Delayed):
    hint = "Check the address and the network; try again later."


class BadAnswer(NextcloudError):
    hint = "Nothing was assumed from it. Try again; if it stays, an administrator should look at Nextcloud's log."
