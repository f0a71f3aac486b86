"""The schema: a migration a file, and what applies them."""
