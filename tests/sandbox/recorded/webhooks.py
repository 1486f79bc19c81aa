"""Recordings of the webhooks' registration, and of what was delivered."""

from tests.sandbox.replay import Plan

PLAN = Plan(
    "webhooks",
    user="admin",
    who={"15-*": "alice", "16-*": "alice"},
    loose={"*": frozenset({"authData"})},
)
