-- How many calls wait, how many run, and for how many seconds the first has waited: visible_at is when a call was queued, or when its lease ends.
SELECT count(*) FILTER (WHERE visible_at <= now()), count(*) FILTER (WHERE visible_at > now()),
       coalesce(extract(epoch FROM now() - min(visible_at) FILTER (WHERE visible_at <= now())), 0)::float8
FROM :schema.activities
WHERE hub = $1 AND visible_at > '-infinity'
