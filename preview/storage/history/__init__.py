"""What the store remembers: the audit trail as activity, and the deliveries behind each job."""
