"""Turns text into vectors: one port (`port.py`), the embedded model and HTTP providers behind it."""
