"""Notes meets answers that are not as the API describes them, and very many notes."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.notes.client import Notes
from nextcloud_mcp_server.apps.notes.tools import (
    nc_notes_append_content,
    nc_notes_get_attachment,
    nc_notes_get_note,
    nc_notes_search_notes,
    nc_notes_update_note,
)
from nextcloud_mcp_server.core.errors import BadAnswer, Changed, InvalidValue, NextcloudError, TooLarge
from tests.support.assistant import session
from tests.support.wire import Exchange, Reply, Wire, reply, wire

NOTE: dict[str, Any] = {"id": 7, "title": "t", "content": "c", "category": "k", "modified": 5, "etag": "e"}


@asynccontextmanager
async def notes(answer: Callable[[Exchange], Reply]) -> AsyncGenerator[tuple[Notes, Wire]]:
    async with wire(answer) as served:
        person = session(served.url, "alice", "x")
        yield Notes(person), served
        await person.transport.aclose()


def json(value: Any, status: int = 200) -> bytes:
    return reply(status, orjson.dumps(value), Content_Type="application/json")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty answer"),
        (b"<html>Sign in</html>", "web page"),
        (b'{"id":7,"title":"t"', "cut short"),
        (b"[]", "unexpected shape"),
        (b"null", "unexpected shape"),
        (b'{"title":"t","etag":"e"}', "id"),
        (b'{"id":7,"title":null,"etag":"e"}', "title"),
        (b'{"id":7,"title":"t"}', "no etag"),
    ],
)
async def test_an_answer_of_another_shape_is_an_error_and_nothing_is_written(body: bytes, said: str) -> None:
    async with notes(lambda _: reply(200, body)) as (client, served):
        for call in (nc_notes_get_note(client, 7), nc_notes_append_content(client, 7, "x"), nc_notes_update_note(client, 7, content="x")):
            with pytest.raises(BadAnswer, match=said):
                await call
        assert {one.method for one in served.seen} == {"GET"}


@pytest.mark.parametrize("body", [b'{"notes":[]}', b"7", b'[{"title":"t"}]', b"[null]", b"<html>"])
async def test_a_listing_of_another_shape_is_an_error(body: bytes) -> None:
    async with notes(lambda _: reply(200, body)) as (client, _):
        with pytest.raises(BadAnswer):
            await nc_notes_search_notes(client)


@pytest.mark.parametrize("size", [0, 25, 26, 10_000])
async def test_any_number_of_notes_comes_in_pages_newest_first(size: int) -> None:
    every = [{**NOTE, "id": number, "modified": number} for number in range(size)]
    async with notes(lambda _: json(every)) as (client, served):
        page = await nc_notes_search_notes(client)
        assert ([one.id for one in page.items], page.total) == (list(range(size))[::-1][:25], size)
        assert (page.next_cursor is None) == (size <= 25)
        if page.next_cursor:
            assert (await nc_notes_search_notes(client, cursor=page.next_cursor)).items[0].id == size - 26
        assert all(one.path.endswith("exclude=content") for one in served.seen)


async def test_a_search_never_downloads_contents() -> None:
    def answer(asked: Exchange) -> bytes:
        if "search/providers" in asked.path:
            entries = [{"title": "t", "subline": "a zebra", "resourceUrl": "/apps/notes/note/7"}]
            return json({"ocs": {"meta": {"statuscode": 200}, "data": {"entries": entries}}})
        return json([{**NOTE, "content": None}, {**NOTE, "id": 8, "content": None}])

    async with notes(answer) as (client, served):
        page = await nc_notes_search_notes(client, query="zebra")
        assert [(one.id, one.excerpt) for one in page.items] == [(7, "a zebra")]
        assert sorted(one.path.partition("?")[0].rsplit("/", 1)[-1] for one in served.seen) == ["notes", "search"]


async def test_when_no_note_has_every_word_those_with_any_are_found() -> None:
    def answer(asked: Exchange) -> bytes:
        if "search/providers" not in asked.path:
            return json([NOTE])
        found = [{"resourceUrl": "/apps/notes/note/7"}] if "term=t&" in asked.path else []
        return json({"ocs": {"meta": {"statuscode": 200}, "data": {"entries": found}}})

    async with notes(answer) as (client, _):
        assert [one.id for one in (await nc_notes_search_notes(client, query="T nothing")).items] == [7]


async def test_a_long_note_is_read_in_pieces_and_appended_to_as_a_whole() -> None:
    content, sent = "ä" * 120_000, list[dict[str, Any]]()

    def answer(asked: Exchange) -> bytes:
        if asked.method == "PUT":
            sent.append(orjson.loads(asked.body))
        return json({**NOTE, "content": content})

    async with notes(answer) as (client, _):
        pieces, offset = "", 0
        while True:
            read = await nc_notes_get_note(client, 7, offset=offset)
            pieces, offset = pieces + (read.content or ""), offset + len(read.content or "")
            if read.note is None:
                break
            assert f"offset={offset}" in read.note
        assert pieces == content
        await nc_notes_append_content(client, 7, "end")
        assert sent == [{"content": f"{content}\n---\nend"}]


TEXTS = st.one_of(st.none(), st.text(max_size=20))


@settings(max_examples=25, deadline=None)
@given(fields=st.fixed_dictionaries({}, optional={"title": TEXTS, "content": TEXTS, "category": TEXTS}))
async def test_an_update_sends_the_given_fields_and_the_version_that_was_read(fields: dict[str, str | None]) -> None:
    given_fields = {name: value for name, value in fields.items() if value is not None}
    async with notes(lambda _: json(NOTE)) as (client, served):
        if not given_fields:
            with pytest.raises(InvalidValue):
                await nc_notes_update_note(client, 7, **fields)
            assert served.seen == []
            return
        await nc_notes_update_note(client, 7, **fields)
        written = served.seen[-1]
        assert (written.method, written.header("If-Match"), orjson.loads(written.body)) == ("PUT", '"e"', given_fields)


async def test_an_append_gives_up_after_three_who_were_faster() -> None:
    async with notes(lambda asked: json(NOTE, 412) if asked.method == "PUT" else json(NOTE)) as (client, served):
        with pytest.raises(Changed) as refused:
            await nc_notes_append_content(client, 7, "x")
        assert (refused.value.etag, [one.method for one in served.seen]) == ("e", ["GET", "PUT"] * 3)


@pytest.mark.parametrize(
    ("data", "encoding", "shown"),
    [(b"plain", "utf-8", "plain"), ("ü\r\n".encode(), "utf-8", "ü\r\n"), (b"a\0b", "base64", "YQBi"), (b"\xff", "base64", "/w==")],
)
async def test_an_attachment_is_text_where_it_can_be_else_base64(data: bytes, encoding: str, shown: str) -> None:
    async with notes(lambda _: reply(200, data, Content_Type="image/png; x=1")) as (client, _):
        read = await nc_notes_get_attachment(client, 7, "a b/ü.png")
        assert (read.data, read.encoding, read.mimeType) == (shown, encoding, "image/png")
        assert read.uri == "nc://Notes/7/attachments/a%20b%2F%C3%BC.png"


async def test_a_huge_attachment_is_refused_with_its_size() -> None:
    async with notes(lambda _: reply(200, b"x" * (5 * 1024 * 1024 + 1))) as (client, _):
        with pytest.raises(TooLarge, match="5242881"):
            await nc_notes_get_attachment(client, 7, "a.bin")


@pytest.mark.parametrize("status", [400, 403, 404, 423, 429, 500, 503, 507])
async def test_every_refusal_is_an_error_without_an_address(status: int) -> None:
    async with notes(lambda _: reply(status, b"<html>/remote.php/x</html>", Retry_After="60")) as (client, _):
        with pytest.raises(NextcloudError) as refused:
            await nc_notes_get_note(client, 7)
        assert "/" not in refused.value.explain()
