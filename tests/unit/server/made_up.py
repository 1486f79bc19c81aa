"""A small app for tests of the spine: tools with every kind of argument, answer and failure."""

import asyncio
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from nextcloud_mcp_server.core.app import NextcloudApp, Prompt, Resource
from nextcloud_mcp_server.core.arguments import Cursor, Limit
from nextcloud_mcp_server.core.errors import Changed, NotFound
from nextcloud_mcp_server.core.page import Page, paginate
from nextcloud_mcp_server.core.tools import Progress, Toolbox
from nextcloud_mcp_server.nextcloud.client import Client

TOOLS = Toolbox("shelf")


class Shelf(Client):
    """Does not ask Nextcloud for anything."""


class Author(BaseModel):
    """Nested, to be inlined."""

    name: str
    born: int | None = None


class Book(BaseModel):
    id: int
    title: str
    author: Author | None = None


BOOKS = [Book(id=number, title=f"Book {number}") for number in range(60)]


@TOOLS.read(items="books", total="count", untrusted=True)
async def shelf_get_books(shelf: Shelf, word: str | None = None, limit: Limit = 25, cursor: Cursor = None) -> Page[Book]:
    """List books."""
    return paginate([book for book in BOOKS if word is None or word in book.title], limit, cursor, word=word)


@TOOLS.create()
async def shelf_add_book(
    shelf: Shelf,
    title: str,
    kind: Annotated[Literal["novel", "atlas"] | None, Field(description="What it is.")] = None,
    authors: list[Author] | None = None,
    pages: int = 0,
) -> Book:
    """Add a book."""
    return Book(id=1, title=f"{title}/{kind}/{len(authors or [])}/{pages}")


@TOOLS.update(aliases=("shelf_rename",))
async def shelf_update_book(shelf: Shelf, book_id: int) -> None:
    """Change a book."""
    if book_id == 9:
        raise Changed("Book 9 was modified by someone else.", etag="new")
    raise NotFound(f"Book {book_id} not found.", candidates=["1", "2"])


@TOOLS.delete()
async def shelf_delete_book(shelf: Shelf, progress: Progress, book_id: int) -> dict[str, object]:
    """Delete a book."""
    await progress(1, 2, "half")
    await progress(2, 2, "done")
    raise ZeroDivisionError("secret detail")


@TOOLS.read(untrusted=True)
async def shelf_get_book(shelf: Shelf, title: str) -> Book:
    """Read a book."""
    return Book(id=1, title=title)


@TOOLS.read(untrusted=True)
async def shelf_search_books(shelf: Shelf, title: str) -> Page[Book]:
    """Find a book."""
    return Page([Book(id=1, title=title)])


WAITING = asyncio.Event()
CANCELLED = asyncio.Event()


@TOOLS.read()
async def shelf_wait(shelf: Shelf) -> None:
    """Wait for ever."""
    WAITING.set()
    try:
        await asyncio.Event().wait()
    finally:
        CANCELLED.set()


async def book(shelf: Shelf, book_id: int) -> Book:
    return BOOKS[book_id]


async def book_ids(shelf: Shelf, argument: str, text: str) -> list[str]:
    return [str(one.id) for one in BOOKS if str(one.id).startswith(text)]


async def cover(shelf: Shelf) -> tuple[bytes, str]:
    return b"\x89PNG", "image/png"


APP = NextcloudApp(
    name="shelf",
    title="Shelf",
    tools=TOOLS,
    requires=lambda capabilities: "shelf" in capabilities,
    instructions="Books.",
    resources=(
        Resource("nc://Shelf/{book_id}", "Book", "One book", book, frozenset({"shelf:read"}), complete=book_ids),
        Resource("shelf://cover", "Cover", "A picture", cover, frozenset({"shelf:read"}), "image/png"),
    ),
    prompts=(
        Prompt("recommend", "Recommend a book", "Recommend a book about {topic}.", {"topic": "What about"}, frozenset({"shelf:read"})),
    ),
)
