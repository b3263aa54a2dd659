-- True for the one process of the hub that may remove expired instances now; held until the transaction ends. The number keeps this lock apart
-- from other advisory locks on the same text.
SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7166182))
