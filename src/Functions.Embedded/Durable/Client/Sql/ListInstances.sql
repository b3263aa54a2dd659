-- A page of at most $9 instances in the order of ids, from after $2 on. A filter that is null lets everything pass: $3, $4 created, $5 statuses,
-- $6 prefix of the id, $7, $8 completed.
-- created_at > '-infinity' is always true and the condition of the index instances_created, so that a narrow range of times can use it.
SELECT instance_id, name, status, created_at, updated_at, input, output, custom_status, failure, tags
FROM :schema.instances
WHERE hub = $1 AND instance_id > $2 AND created_at > '-infinity'
  AND ($3::timestamptz IS NULL OR created_at >= $3)
  AND ($4::timestamptz IS NULL OR created_at <= $4)
  AND ($5::text[] IS NULL OR status = ANY ($5))
  AND ($6::text IS NULL OR starts_with(instance_id, $6))
  AND ($7::timestamptz IS NULL OR completed_at >= $7)
  AND ($8::timestamptz IS NULL OR completed_at <= $8)
ORDER BY instance_id
LIMIT $9
