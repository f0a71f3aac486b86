"""The form as data, and what is worked out from it: values, deviations, hidden small counts. Pure."""
