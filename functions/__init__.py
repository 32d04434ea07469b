"""What happens: one folder per operation. Siblings never import each other."""
