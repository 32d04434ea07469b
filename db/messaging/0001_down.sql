DROP FUNCTION outbox_maintain(integer);
DROP FUNCTION idempotency_claim(bigint, text, text, text);
DROP TABLE resends, idempotency, inbox, outbox;
REVOKE USAGE ON SCHEMA public FROM :short_app, :short_relay;
