"""`search`: ask the index from a terminal, also beside a running server."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from nextcloud_mcp_server.cli.working import env_file, index, read_settings, run

if TYPE_CHECKING:
    from nextcloud_mcp_server.index.search import Hit, Results
    from nextcloud_mcp_server.server.compose import Product
    from nextcloud_mcp_server.server.indexing.indexing import Indexing

MODEL = 20.0
EXCERPT = 160


@click.command(name="search")
@click.argument("query", nargs=-1, required=True)
@click.option("-n", "--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="Most hits.")
@click.option("-t", "--type", "doc_types", multiple=True, metavar="TYPE", help="Only this document type; may be repeated.")
@click.option("--user", metavar="UID", help="Whose search it is; not needed in single-user mode.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@env_file
def command(query: tuple[str, ...], limit: int, doc_types: tuple[str, ...], user: str | None, as_json: bool, env_file: Path | None) -> None:
    """Find what a person may read, by meaning and words."""
    settings = read_settings(env_file)

    async def work() -> "Results":
        from nextcloud_mcp_server.index.search import Ask

        ask = Ask(" ".join(query), frozenset(), limit=limit, doc_types=frozenset(doc_types))
        async with index(settings, MODEL) as (product, found):
            return await as_person(product, found, user, ask)

    results = run(work)
    if as_json:
        click.echo(orjson.dumps(as_dict(results), option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n\n".join(map(as_text, results.hits)) or "nothing found")
        for note in results.notes:
            click.echo(note, err=True)


async def as_person(product: "Product", found: "Indexing", user: str | None, ask: Any) -> "Results":
    """The search of the one account, or of a person who lets the server work for them. Raises ClickException."""
    from nextcloud_mcp_server.core.caller import OWNER, Caller
    from nextcloud_mcp_server.settings import Mode

    if product.settings.mode is Mode.SINGLE_USER:
        return await found.search(OWNER, await product.sides.session(OWNER), ask)
    if user is None:
        raise click.UsageError("--user is missing: this server has many people")
    session = await product.sides.offline(user)
    if session is None:
        raise click.ClickException(f"{user} does not let this server work for them")
    granted = product.sides.now().granted
    return await found.search(Caller("command line", user, granted=await granted(user) if granted else None), session, ask)


def as_text(hit: "Hit") -> str:
    """Title, place and link, and the passage."""
    body = hit.body
    place = f", page {body.page}" if body.page else ""
    text = " ".join(body.text.split())
    cut = f"{text[:EXCERPT]}…" if len(text) > EXCERPT else text
    return (
        f"{body.title}  ({hit.key.doc_type}{place}, {'+'.join(hit.retrievers)}, {hit.score:.2f})\n  {hit.link or body.path or ''}\n  {cut}"
    )


def as_dict(results: "Results") -> dict[str, Any]:
    hits = [
        {
            "doc_type": hit.key.doc_type,
            "id": hit.key.doc_id,
            "title": hit.body.title,
            "link": hit.link,
            "path": hit.body.path,
            "page": hit.body.page,
            "excerpt": hit.body.text,
            "score": hit.score,
            "found_by": list(hit.retrievers),
        }
        for hit in results.hits
    ]
    return {"results": hits, "withheld": results.withheld, "notes": list(results.notes)}
