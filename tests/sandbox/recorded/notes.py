"""Recordings of the Notes API."""

from tests.sandbox.replay import Plan

PLAN = Plan(
    "notes",
    who={"40-badpw.txt": "wrong"},
    same_second=frozenset({"10-list-if-none-match.txt", "11-list-if-modified-since.txt"}),
)
