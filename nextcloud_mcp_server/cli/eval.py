"""`eval`: how good search is on a judged collection."""

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from nextcloud_mcp_server.cli.working import read_settings, run

if TYPE_CHECKING:
    from nextcloud_mcp_server.index.evaluate import Figures

MODEL = 900.0


@click.command(name="eval")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--language", default="english", show_default=True, help="Language of the collection.")
def command(folder: Path, as_json: bool, language: str) -> None:
    """Index FOLDER (corpus.jsonl, queries.jsonl, qrels.tsv: the layout of BEIR) and print nDCG@10 and recall@20.

    Uses the embedding model, store and reranker that are configured, and no Nextcloud.
    """
    with tempfile.TemporaryDirectory() as place:
        figures = run(lambda: evaluated(folder, language, Path(place)))
    if as_json:
        click.echo(orjson.dumps({way: asdict(one) for way, one in figures.items()}, option=orjson.OPT_INDENT_2))
        return
    click.echo(f"{'':10}{'nDCG@10':>9}{'recall@20':>11}")
    for way, one in figures.items():
        click.echo(f"{way:10}{one.ndcg_10:9.3f}{one.recall_20:11.3f}")


async def evaluated(folder: Path, language: str, place: Path) -> "dict[str, Figures]":
    """In an index of its own below `place`, which goes afterwards."""
    from nextcloud_mcp_server.index.evaluate import evaluate, read_collection
    from nextcloud_mcp_server.server.indexing.parts import parts

    nobody = {"MCP_AUTH_MODE": "single_user", "NEXTCLOUD_HOST": "http://localhost", "NEXTCLOUD_USERNAME": "-", "NEXTCLOUD_PASSWORD": "-"}
    own = {"MCP_DATA_DIR": str(place), "DATABASE_URL": "", "TOKEN_STORAGE_DB": "", "QDRANT_LOCATION": ""}
    kept = parts(read_settings(None, nobody | own))
    collection = read_collection(folder)
    bar = click.progressbar(length=len(collection.documents), label="indexing", show_pos=True, file=sys.stderr)
    try:
        with bar:
            return await evaluate(
                collection,
                kept.store,
                kept.embedder,
                kept.reranker,
                language=language,
                progress=lambda done, _: bar.update(max(0, done - bar.pos)),
            )
    finally:
        for part in (kept.store, kept.embedder, kept.reranker, kept.engine):
            if part is not None:
                await part.close()
