"""The matching protocol at message level: a simulation without servers, and its checker."""
