"""Puts the parts together; the only place that knows apps and modes both."""
