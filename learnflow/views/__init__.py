"""What people see: what queries answer with."""
