"""Who hears what: the catalogue of facts, the envelope they travel in, and how they are published."""
