-- A page of at most $7 entities in the order of ids, from after $2 on. $3 prefix of the id and $4, $5 last change: null lets everything pass; $6
-- whether to give entities without a state.
SELECT e.entity_id, e.state, e.updated_at, e.lock_owner,
       (SELECT count(*) FROM :schema.entity_messages m WHERE m.hub = e.hub AND m.entity_id = e.entity_id)
FROM :schema.entities e
WHERE e.hub = $1 AND e.entity_id > $2
  AND ($3::text IS NULL OR starts_with(e.entity_id, $3))
  AND ($4::timestamptz IS NULL OR e.updated_at >= $4)
  AND ($5::timestamptz IS NULL OR e.updated_at <= $5)
  AND (e.state IS NOT NULL OR $6)
ORDER BY e.entity_id
LIMIT $7
