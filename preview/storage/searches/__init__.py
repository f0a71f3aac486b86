"""Searches over tables that grow without limit, by index."""
