"""Synthetic deliveries in the real formats: twelve services, their cases simulated as lives, the same ones for the same day and seed."""

from preview.demo.changes import Turn, changed_folder, running_cases
from preview.demo.deliveries import DemoDelivery, WrittenDelivery, iterate, periods, write

__all__ = ["DemoDelivery", "Turn", "WrittenDelivery", "changed_folder", "iterate", "periods", "running_cases", "write"]
