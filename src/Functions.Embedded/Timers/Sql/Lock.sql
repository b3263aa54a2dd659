-- Waits for the lock of the timer $1 (hub/function) and takes it for this connection. An advisory lock ends with its connection, so a killed
-- process lets go. The number keeps it apart from other advisory locks on the same text.
SELECT true FROM (SELECT pg_advisory_lock(hashtextextended($1, 7166181))) held
