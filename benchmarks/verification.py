"""What proving a caller's bearer token costs: one that was seen before, and a new JWT with the provider's keys at hand.

The floor of a new token is the signature check alone; the floor of a known one is hashing it.
"""

import hashlib
import json
import time
from itertools import count

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.rows import Row, Times, interleaved
from nextcloud_mcp_server.auth.inbound.claims import Expected
from nextcloud_mcp_server.auth.inbound.jwt_tokens import JwtVerifier
from nextcloud_mcp_server.auth.inbound.token_cache import CachedVerifier
from nextcloud_mcp_server.auth.inbound.verified import Refused
from nextcloud_mcp_server.auth.oidc.jwks import Jwks
from tests.unit.auth.stub_http import StubHttp

ISSUER, RESOURCE, KEYS = "https://sso.example/realms/one", "https://mcp.example/mcp", "https://sso.example/certs"
CACHED_MS, NEW_MS = 1.0, 3.0
RUNS = 500


def signed(key: rsa.RSAPrivateKey, number: int) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": RESOURCE, "sub": f"person-{number}", "exp": now + 300, "iat": now, "scope": "openid notes:read"}
    return jwt.encode(claims, key, "RS256", {"kid": "one", "typ": "at+jwt"})


async def rows() -> list[Row]:
    """One row each for a known and a new token; every answer is checked."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "one", "use": "sig", "alg": "RS256"}
    verifier = JwtVerifier(Expected(ISSUER, RESOURCE), Jwks(StubHttp(certs={"keys": [jwk]}), KEYS))
    cached = CachedVerifier(verifier)
    known, fresh, checked = signed(key, 0), [signed(key, number) for number in range(2 * RUNS)], count()
    await cached.verify(known)

    async def again() -> None:
        if (await cached.verify(known)).sub != "person-0":
            raise Refused("somebody else")

    async def hashed() -> None:
        hashlib.sha256(known.encode()).hexdigest()

    numbers = count()

    async def new() -> None:
        number = next(numbers)
        if (await cached.verify(fresh[number])).sub != f"person-{number}":
            raise Refused("somebody else")

    async def signature() -> None:
        jwt.decode(fresh[next(checked)], key.public_key(), ["RS256"], audience=RESOURCE)

    seen, floor_seen, first, floor_first = await interleaved(RUNS, again, hashed, new, signature)
    return [row("a token seen before", seen, floor_seen, CACHED_MS), row("a new JWT (RS256)", first, floor_first, NEW_MS)]


def row(what: str, ours: Times, floor: Times, most: float) -> Row:
    return Row(what, str(ours), str(floor), f"{ours.p50 / floor.p50:.1f}", f"<= {most:g} ms p50", ours.p50 * 1000 <= most)
