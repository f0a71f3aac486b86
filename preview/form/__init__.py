"""The form as data, and what is derived from it: values, deviations, and withheld small counts."""
