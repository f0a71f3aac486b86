"""Measures the program beside named baselines in the same run: `python -m benchmarks [NAME...]`, or `make bench`."""
