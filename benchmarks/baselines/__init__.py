"""Baselines that the program is compared with; each runs in its own process."""
