"""Ring 3: what is due goes out, one recipient at a time."""
