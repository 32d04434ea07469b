"""The catalogue, the envelope and the bus."""
