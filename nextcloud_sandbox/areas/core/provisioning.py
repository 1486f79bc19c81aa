"""Filled next."""

from nextcloud_sandbox.routing import Routes

routes = Routes("core")
