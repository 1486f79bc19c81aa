"""Two rankings made one: a weighted sum of normalised scores, grouped by document. Pure.

The sum, and measuring scores from the least that is possible, are those of Bruch, Gai and Ingber (An Analysis of Fusion Functions for
Hybrid Retrieval, 2023). Reciprocal ranks, which know no distances, let a passage that shares one word by accident lead as much as one
that has every word.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from nextcloud_mcp_server.index.store.port import Found, Key, Ranked, Retriever

WEIGHTS: Mapping[Retriever, float] = {"dense": 0.9, "sparse": 0.1}
LEAST: Mapping[Retriever, float] = {"dense": -1.0, "sparse": 0.0}
"""Of a cosine and of a score of words."""
Passage = tuple[Key, int]
Group = tuple[Key, int]


@dataclass(frozen=True, slots=True)
class Fused:
    """A document with its best passage. `score` is from 0 to 1, 1 for what leads every list that was asked and has all words."""

    found: Found
    score: float
    retrievers: tuple[Retriever, ...]


@dataclass(frozen=True, slots=True)
class _List:
    """Weighted scores of passages by one retriever; `missing` is the most that a passage beyond the end of the list can have."""

    scores: Mapping[Passage, float]
    missing: float


def fuse(ranked: Ranked, *, by_document: bool = True, coverage: float = 1.0) -> list[Fused]:
    """Documents (or passages) best first. A document stands in each list where its best passage stands.

    `coverage` is the share of the query's words that the best passage by words has: the fewer, the less do words count.
    """
    lists: dict[Retriever, Sequence[Found]] = {"dense": ranked.dense, "sparse": ranked.sparse}
    asked: dict[Retriever, Sequence[Found]] = {name: found for name, found in lists.items() if found}
    weighed: dict[Retriever, _List] = {name: _weighed(name, found, _weight(name, asked.keys(), coverage)) for name, found in asked.items()}
    best: dict[Group, tuple[float, Found]] = {}
    tops: dict[Group, dict[Retriever, float]] = {}
    for name, found in asked.items():
        for item in found:
            passage, group = (item.key, item.index), (item.key, -1 if by_document else item.index)
            score = sum(one.scores.get(passage, one.missing) for one in weighed.values())
            if group not in best or score > best[group][0]:
                best[group] = (score, item)
            top = tops.setdefault(group, {})
            top[name] = max(top.get(name, 0.0), weighed[name].scores[passage])
    scores = {group: min(1.0, sum(top.get(name, one.missing) for name, one in weighed.items())) for group, top in tops.items()}
    return [Fused(best[group][1], scores[group], tuple(tops[group])) for group in sorted(scores, key=lambda group: -scores[group])]


def _weight(name: Retriever, asked: Set[Retriever], coverage: float) -> float:
    """Of one retriever among those that found something."""
    if len(asked) == 1:
        return 1.0
    return WEIGHTS[name] * (coverage if name == "sparse" else 1.0)


def _weighed(name: Retriever, found: Sequence[Found], weight: float) -> _List:
    least, most = LEAST[name], max(item.score for item in found)
    span = most - least
    scores = {(item.key, item.index): weight * (item.score - least) / span if span > 0 else weight for item in found}
    return _List(scores, min(scores.values()) if name == "dense" else 0.0)
