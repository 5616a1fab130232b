"""Composes mails about tickets: who reads it, in which thread, with which figures and links."""
