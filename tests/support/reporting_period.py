"""The reporting period of all tests that choose none: most test data are of it, whatever the year is."""

REPORTING_PERIOD = "2024"
