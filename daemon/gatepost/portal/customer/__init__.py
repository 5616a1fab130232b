"""What customers do when they are signed in: their tickets, a new one, their account."""
