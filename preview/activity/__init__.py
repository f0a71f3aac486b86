"""What happened, and what has changed since then: read models of the audit trail."""
