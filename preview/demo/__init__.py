"""Synthetic deliveries in the real formats: twelve services, their cases simulated as lives, the same ones for the same day and seed."""
