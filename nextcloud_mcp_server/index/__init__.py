"""Keeps an index of what people may read and finds things in it. While search is off only `tools` and `answers` are imported."""
