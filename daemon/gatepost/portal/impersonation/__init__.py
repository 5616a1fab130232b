"""Logging in as a customer with the customer's leave: the leave, its pages for both sides, its letters."""
