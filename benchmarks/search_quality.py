"""How good search is on the judged questions over the sandbox's notes, with the embedded model: nDCG@10, beside words alone.

The questions avoid the words of the notes that answer them, so vectors alone may do better here than hybrid; a collection of mixed
questions shows what fusing is for (`nextcloud-mcp-server eval DIR`).
"""

import tempfile
from pathlib import Path

from benchmarks.rows import Row
from nextcloud_mcp_server.cli.eval import evaluated

LEAST = 0.85
FOLDER = Path(__file__).parent.parent / "tests" / "eval" / "demo"


async def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        figures = await evaluated(FOLDER, "english", Path(place))
    words = figures["sparse"].ndcg_10
    return [
        Row(
            f"{way}, demo collection",
            f"{one.ndcg_10:.3f} (recall@20 {one.recall_20:.3f})",
            f"words alone {words:.3f}",
            f"{one.ndcg_10 / words:.2f}",
            f"more than words alone, >= {LEAST}" if way == "hybrid" else "",
            one.ndcg_10 > words and one.ndcg_10 >= LEAST if way == "hybrid" else None,
        )
        for way, one in figures.items()
    ]
