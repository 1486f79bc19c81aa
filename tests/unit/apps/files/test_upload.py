"""What is sent is byte for byte what was given, and it is measured before."""

import base64
import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.files.upload import SLICE, upload
from nextcloud_mcp_server.core.errors import InvalidValue, TooLarge


async def sent(content: str, *, is_base64: bool = False) -> bytes:
    made = upload(content, is_base64=is_base64, most=0)
    data = b"".join([piece async for piece in made.body()])
    assert (made.size, made.digest) == (len(data), hashlib.sha1(data).hexdigest())
    return data


@given(st.binary(max_size=300))
async def test_base64_arrives_as_the_bytes_it_stands_for(data: bytes) -> None:
    assert await sent(base64.b64encode(data).decode(), is_base64=True) == data
    assert await sent(base64.encodebytes(data).decode(), is_base64=True) == data


@given(st.text(max_size=100))
async def test_text_arrives_as_utf_8_line_ends_included(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        with pytest.raises(InvalidValue, match="half of a character"):
            upload(text, is_base64=False, most=0)
    else:
        assert await sent(text) == text.encode()


@pytest.mark.parametrize("length", [SLICE - 1, SLICE, SLICE + 1, 3 * SLICE])
async def test_long_content_is_whole_whatever_its_length(length: int) -> None:
    data = bytes(n % 251 for n in range(length))
    assert await sent(base64.b64encode(data).decode(), is_base64=True) == data
    assert await sent("ü" * length) == ("ü" * length).encode()


@pytest.mark.parametrize("content", ["not base64!", "AAA", "AAEC/w=", "AAEC-_==", "=AAA", "AAA=AAAA"])
def test_what_is_no_base64_is_refused_before_anything_is_sent(content: str) -> None:
    with pytest.raises(InvalidValue, match="base64"):
        upload(content, is_base64=True, most=0)


def test_the_limit_counts_bytes_and_is_inclusive() -> None:
    assert upload("ü" * 5, is_base64=False, most=10).size == 10
    assert upload("QUJD", is_base64=True, most=3).size == 3
    with pytest.raises(TooLarge, match="11 bytes, more than the 10"):
        upload("ü" * 5 + "x", is_base64=False, most=10)
    with pytest.raises(TooLarge):
        upload("QUJDRA==", is_base64=True, most=3)
    with pytest.raises(TooLarge):
        upload("!" * 1000, is_base64=True, most=3)


@pytest.mark.parametrize("is_base64", [False, True])
async def test_a_large_content_is_measured_and_sent_without_a_second_copy(is_base64: bool) -> None:
    content = "QUJD" * 2_000_000
    tracemalloc.start()
    try:
        made = upload(content, is_base64=is_base64, most=0)
        sizes = [len(piece) async for piece in made.body()]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(sizes) == made.size == (6_000_000 if is_base64 else 8_000_000)
    assert peak < 1_000_000
