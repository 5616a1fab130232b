"""Ring 1: bytes to values and back; pure, but leaning on libraries."""
