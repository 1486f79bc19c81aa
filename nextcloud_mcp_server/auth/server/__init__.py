"""This server as its own OAuth 2.1 authorization server: for a stock Nextcloud, and in front of other providers (facade)."""
