"""The management API below `/api/v1`: what the Nextcloud side and administrators ask of this server.

An operation is declared once (`operations.Operation`): its route, its OpenAPI description and its checks come from there.
Whoever adds some gives a list of operations to `operations.routes`.
"""
