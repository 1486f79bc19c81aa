"""Two rankings made one: reciprocal rank fusion (Cormack, Clarke and Büttcher 2009), grouped by document. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextcloud_mcp_server.index.store.port import Found, Key, Ranked, Retriever

K = 20
"""Damps the lead of the first ranks. 60 is usual for long lists, 20 fuses two short ones better."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A document with its best passage. `score` is 1 for what leads every list that was asked."""

    found: Found
    score: float
    retrievers: tuple[Retriever, ...]


def fuse(ranked: Ranked, *, by_document: bool = True) -> list[Fused]:
    """Documents (or passages) best first. A document stands in each list where its best passage stands."""
    lists: dict[Retriever, Sequence[Found]] = {"dense": ranked.dense, "sparse": ranked.sparse}
    asked: dict[Retriever, Sequence[Found]] = {name: found for name, found in lists.items() if found}
    scores: dict[tuple[Key, int], float] = {}
    by: dict[tuple[Key, int], list[Retriever]] = {}
    best: dict[tuple[Key, int], tuple[float, Found]] = {}
    passages = _passage_scores(asked)
    for name, found in asked.items():
        ranks: dict[tuple[Key, int], int] = {}
        for item in found:
            group = (item.key, -1 if by_document else item.index)
            ranks.setdefault(group, len(ranks))
            score = passages[item.key, item.index]
            if group not in best or score > best[group][0]:
                best[group] = (score, item)
        for group, rank in ranks.items():
            scores[group] = scores.get(group, 0.0) + _share(rank)
            by.setdefault(group, []).append(name)
    whole = len(asked) * _share(0)
    ordered = sorted(scores, key=lambda group: -scores[group])
    return [Fused(best[group][1], scores[group] / whole, tuple(by[group])) for group in ordered]


def _passage_scores(asked: dict[Retriever, Sequence[Found]]) -> dict[tuple[Key, int], float]:
    scores: dict[tuple[Key, int], float] = {}
    for found in asked.values():
        for rank, item in enumerate(found):
            scores[item.key, item.index] = scores.get((item.key, item.index), 0.0) + _share(rank)
    return scores


def _share(rank: int) -> float:
    return 1 / (K + rank + 1)
