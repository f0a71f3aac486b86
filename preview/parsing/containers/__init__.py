"""Reads containers of files: ZIP archives, without the leftovers of file managers in them."""
