"""The benchmarks, a module each; `benchmarks/registry.py` lists them."""
