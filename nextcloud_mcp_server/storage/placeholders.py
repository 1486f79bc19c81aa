"""`?` placeholders as psycopg wants them."""

import re
from functools import lru_cache

_TOKENS = re.compile(r"'(?:[^']|'')*'|\?|%")


@lru_cache(maxsize=1024)
def for_psycopg(sql: str) -> str:
    """`?` becomes `%s` and `%` becomes `%%`, except that a question mark inside a quoted text stays."""
    return _TOKENS.sub(lambda found: {"?": "%s", "%": "%%"}.get(found[0], found[0].replace("%", "%%")), sql)
