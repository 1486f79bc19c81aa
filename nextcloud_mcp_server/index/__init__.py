"""Keeps an index of what people may read and finds things in it. Nothing here is imported while search is off."""
