-- $1 channel of the hub, $2 what there is to fetch. Sent when the transaction commits; equal ones of a transaction are sent once.
SELECT pg_notify($1, $2)
