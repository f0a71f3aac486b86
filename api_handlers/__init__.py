"""What a program sees: the REST and SSE API over the nouns of preview/ (contract.md)."""
