"""A provider's key, the tokens it signs, and ten thousand that it did not."""

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://sso.example/realms/one"
RESOURCE = "https://mcp.example/mcp"
CLIENT = "mcp-server"
NOW = 1_800_000_000.0


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Signer:
    """One RSA key with its id."""

    kid: str = "one"
    key: rsa.RSAPrivateKey = field(default_factory=_key)

    def jwk(self, **more: Any) -> dict[str, Any]:
        return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key())), "kid": self.kid, "use": "sig", **more}

    def pem(self) -> bytes:
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        given = {"kid": self.kid, "typ": "at+jwt", **header}
        payload, algorithm = json.dumps(claims).encode(), given.pop("alg", "RS256")
        return jwt.PyJWS().encode(payload, self.key, algorithm, {k: v for k, v in given.items() if v is not None})


def claims(**more: Any) -> dict[str, Any]:
    """Claims of a good token; a value of None leaves one out."""
    good = {
        "iss": ISSUER,
        "aud": RESOURCE,
        "sub": "alice-id",
        "exp": int(NOW) + 300,
        "iat": int(NOW),
        "client_id": "assistant",
        "scope": "openid notes:read",
    }
    return {name: value for name, value in {**good, **more}.items() if value is not None}


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _by_hand(header: object, payload: object, signature: bytes = b"") -> str:
    return ".".join((encoded(header), encoded(payload), encoded(signature) if signature else ""))


BAD_CLAIMS: list[dict[str, Any]] = [
    {"iss": None},
    {"iss": 7},
    {"iss": ISSUER + "x"},
    {"iss": "https://sso.example/realms/two"},
    {"iss": ISSUER.replace("https", "http")},
    {"iss": "https://evil.example/?" + ISSUER},
    {"iss": [ISSUER]},
    {"aud": None},
    {"aud": []},
    {"aud": "nextcloud"},
    {"aud": ["nextcloud", "account"]},
    {"aud": RESOURCE + "x"},
    {"aud": RESOURCE.removesuffix("/mcp")},
    {"aud": RESOURCE.upper()},
    {"aud": "https://evil.example/" + RESOURCE},
    {"aud": {"a": RESOURCE}},
    {"aud": [[RESOURCE]]},
    {"aud": "assistant"},
    {"exp": None},
    {"exp": int(NOW) - 11},
    {"exp": int(NOW) - 86_400},
    {"exp": "9999999999"},
    {"exp": True},
    {"exp": 1e400},
    {"exp": 10**30},
    {"nbf": int(NOW) + 60},
    {"iat": int(NOW) + 60},
    {"iat": "now"},
    {"sub": None},
    {"sub": ""},
    {"sub": ["alice-id"]},
    {"sub": 7},
    {"sub": "assistant"},
    {"nonce": "n"},
    {"at_hash": "h"},
    {"typ": "ID"},
    {"typ": "Refresh"},
    {"typ": "Offline"},
    {"typ": "Logout"},
    {"typ": ["Bearer"]},
    {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    {"cnf": {"jkt": "x"}},
]
BAD_HEADERS: list[dict[str, Any]] = [
    {"typ": "logout+jwt"},
    {"typ": "dpop+jwt"},
    {"typ": "JWE"},
    {"kid": "unknown"},
    {"crit": ["exp"]},
    {"crit": ["b64"], "b64": False},
    {"kid": "../../etc/passwd"},
]


def forged(signer: Signer, seed: int = 1) -> Iterator[tuple[str, str]]:
    """For ever: the kind of a forgery, and the forgery."""
    dice = random.Random(seed)
    thief = Signer(signer.kid)
    good = signer.sign(claims())
    kinds: list[Callable[[], tuple[str, str]]] = [
        lambda: ("cut", good[: dice.randrange(len(good))]),
        lambda: ("changed", _changed(good, dice)),
        lambda: ("none", _by_hand({"alg": dice.choice(["none", "None", "NONE", "nOnE", ""]), "kid": signer.kid}, claims())),
        lambda: ("stripped", good.rpartition(".")[0] + "."),
        lambda: ("hmac", _hmac(signer, dice)),
        lambda: ("thief", thief.sign(claims(sub=f"alice-{dice.random()}"))),
        lambda: ("thief with own key", thief.sign(claims(), jwk=thief.jwk(), jku="https://evil.example/jwks", x5u="https://evil.example")),
        lambda: ("elliptic", _elliptic(signer)),
        lambda: ("claims", signer.sign(claims(**dice.choice(BAD_CLAIMS)))),
        lambda: ("expired", signer.sign(claims(exp=int(NOW) - dice.randrange(11, 10**8)))),
        lambda: ("another audience", signer.sign(claims(aud=dice.choice(["nextcloud", "account", CLIENT + "x", RESOURCE + "/x", ISSUER])))),
        lambda: ("another issuer", signer.sign(claims(iss=dice.choice([ISSUER + "2", RESOURCE, "https://sso.example", ISSUER.title()])))),
        lambda: ("header", signer.sign(claims(), **dice.choice(BAD_HEADERS))),
        lambda: ("id token", signer.sign(claims(aud=CLIENT), typ=dice.choice(["JWT", None]))),
        lambda: ("garbage", "".join(dice.choices(string.printable, k=dice.randrange(400)))),
        lambda: ("dots", ".".join("".join(dice.choices("ab_-=", k=dice.randrange(9))) for _ in range(dice.randrange(2, 7)))),
        lambda: ("binary", bytes(dice.randrange(256) for _ in range(60)).decode("latin-1")),
        lambda: ("nested", _by_hand(b"[" * 900 + b"]" * 900, claims(), b"x")),
        lambda: ("nested header", _by_hand(b'{"alg":"RS256","kid":"one","x":' + b"[" * 950 + b"]" * 950 + b"}", claims(), b"x" * 256)),
        lambda: ("no object", _by_hand(dice.choice([[], "x", 7, None]), claims(), b"x")),
        lambda: ("two headers", good + "." + good),
        lambda: ("swapped", ".".join([good.split(".")[0], encoded(claims(sub="bob-id")), good.split(".")[2]])),
        lambda: ("huge", good + "A" * dice.choice([1, 20_000])),
    ]
    while True:
        yield dice.choice(kinds)()


def _changed(token: str, dice: random.Random) -> str:
    place = dice.randrange(len(token))
    return (
        token[:place] + dice.choice([c for c in string.ascii_letters + string.digits + "-_=. é" if c != token[place]]) + token[place + 1 :]
    )


def _hmac(signer: Signer, dice: random.Random) -> str:
    import hashlib
    import hmac

    algorithm = dice.choice(["HS256", "HS384", "HS512"])
    secret = dice.choice([signer.pem(), signer.pem().strip(), signer.jwk()["n"].encode(), b"", b"secret"])
    signed = f"{encoded({'alg': algorithm, 'kid': signer.kid, 'typ': 'at+jwt'})}.{encoded(claims())}"
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), getattr(hashlib, 'sha' + algorithm[2:])).digest())}"


_CURVE = ec.generate_private_key(ec.SECP256R1())


def _elliptic(signer: Signer) -> str:
    return jwt.encode(claims(), _CURVE, "ES256", {"kid": signer.kid, "typ": "at+jwt"})
