"""What people decide on reports: approvals, acknowledgements and comments (rules R1 to R8, docs/api.md)."""
