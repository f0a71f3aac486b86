"""Readers: a stream of bytes in, de-identified folders and findings out. Pure: no store, no clock of their own."""
