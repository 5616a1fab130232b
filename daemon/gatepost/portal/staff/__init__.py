"""The staff pages, and how staff sign in."""
