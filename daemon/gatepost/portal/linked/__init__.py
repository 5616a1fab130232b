"""Pages behind the signed links of our mails: tickets, questions, ratings, secrets, a vendor's own page."""
