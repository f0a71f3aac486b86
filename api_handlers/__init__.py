"""REST API and event stream: the HTTP interface to the services of `preview` (docs/api.md)."""
