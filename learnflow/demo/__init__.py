"""The demonstration: a tutoring centre's registrations through the whole system, and the audit."""
