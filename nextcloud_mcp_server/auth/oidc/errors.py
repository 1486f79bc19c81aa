"""What can go wrong with an OpenID provider, apart from not being reachable (core.errors.Unreachable)."""


class ProviderUnfit(Exception):
    """The provider answers and cannot be used: the start stops. `hint` names the setting."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class OAuthRefused(Exception):
    """An OAuth error answer (RFC 6749 5.2): `error` is its code, `status` the HTTP status."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error
        self.description = description
        self.status = status
