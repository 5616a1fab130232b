"""Whether all is well: watched, told to the commands, and shown to monitoring."""
