"""Generators of load. Most run as a process of their own, apart from what is measured."""
