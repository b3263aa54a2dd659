-- $1 key of the lock. Whoever creates objects in the schema holds it to the end of the transaction, so processes that start together wait
-- for each other.
SELECT pg_advisory_xact_lock($1)
