"""Totals of all services or of a county, and one field everywhere (rules T1 to T4, docs/api.md)."""
