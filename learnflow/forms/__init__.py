"""What people fill in: input models that several functions share."""
