"""Learns from labelled examples what mails are about, and says how well; the daemon only reads the model file."""
