"""The rule language: its words as data, the book of rules, the judge."""
