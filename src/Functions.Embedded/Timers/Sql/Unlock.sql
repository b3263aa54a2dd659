-- Gives back the locks of this connection before it goes back to the pool.
SELECT pg_advisory_unlock_all()
