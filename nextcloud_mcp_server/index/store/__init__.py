"""Where passages and their vectors are kept and found: one port (`port.py`), an adapter for each engine."""
