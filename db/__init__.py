"""What is remembered: one Postgres per service, its unit of work, outbox, inbox and relay."""
