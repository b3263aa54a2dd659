-- Renews the leases of the calls with the keys $2, $3, $4, after Activities/Lock.sql: those that the engine $5 still holds, by $6. Gives their
-- keys.
UPDATE :schema.activities a
SET visible_at = now() + $6::interval
WHERE a.locked_by = $5
  AND a.ctid = ANY (ARRAY(
      SELECT found.place
      FROM unnest($2::text[], $3::uuid[], $4::int[]) AS k (instance_id, execution_id, task_id)
      CROSS JOIN LATERAL (
          SELECT c.ctid AS place
          FROM :schema.activities c
          WHERE c.hub = $1 AND c.instance_id = k.instance_id AND c.execution_id = k.execution_id AND c.task_id = k.task_id
          OFFSET 0
      ) found))
RETURNING a.instance_id, a.execution_id, a.task_id
