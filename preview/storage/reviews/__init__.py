"""Tables of the reviews: what people decide on reports, and the state that follows from it."""
