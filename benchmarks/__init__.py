"""The program beside named peers, in the same run: `python -m benchmarks [NAME...]`, or `make bench`. See README.md."""
