"""Recordings of the User status API."""

from tests.sandbox.replay import Plan

PLAN = Plan("userstatus", user="bob")
