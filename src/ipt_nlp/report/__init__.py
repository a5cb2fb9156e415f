"""Pages and tables for people to read."""
