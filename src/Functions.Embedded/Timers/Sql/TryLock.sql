-- Takes the lock of the timer $1, as Lock.sql does; false when another connection has it.
SELECT pg_try_advisory_lock(hashtextextended($1, 7166181))
