"""What is still to be indexed, durably: one port (`port.py`), embedded on SQLite and shared on PostgreSQL."""
