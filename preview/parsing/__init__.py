"""Parses deliveries: bytes in, case records and findings out."""
