"""Generates synthetic deliveries of twelve services in the real formats, equal for an equal day and seed."""
