"""Who hears what: the catalogue of facts, their envelope, and how they are published."""
