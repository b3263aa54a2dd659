-- Leaves the instance $2 of the engine $3 alone for a minute: not even its failure can be stored now, and it would keep the engine busy.
UPDATE :schema.instances
SET ready_at = now() + interval '1 minute', locked_by = NULL, locked_until = '-infinity'
WHERE hub = $1 AND instance_id = $2 AND locked_by = $3
