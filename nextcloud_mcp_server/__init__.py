"""Lets an AI assistant work with a person's Nextcloud, as that person, over the Model Context Protocol."""

__version__ = "0.1.0"
