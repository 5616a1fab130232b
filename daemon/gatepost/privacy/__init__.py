"""A person's data and whatever is secret: handed over, sealed, given out, kept for its time, and taken away."""
