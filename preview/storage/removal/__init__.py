"""Deletion: of an organisation, of what deliveries have replaced, and of its last bytes in the files of the store."""
