"""Synthetic deliveries in the real format: twelve services, their cases simulated as lives, the same ones for the same day and seed."""

from preview.demo.changes import next_folder
from preview.demo.deliveries import DemoDelivery, WrittenDelivery, iterate, periods, write

__all__ = ["DemoDelivery", "WrittenDelivery", "iterate", "next_folder", "periods", "write"]
