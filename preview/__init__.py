"""The domain of Bufdir Preview: deliveries in, snapshots of 34 fields out. Knows neither HTTP nor Panel."""
