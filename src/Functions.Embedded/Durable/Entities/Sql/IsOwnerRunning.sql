-- Whether the execution $3 of the orchestration $2, which has locked an entity, still runs.
SELECT EXISTS (
    SELECT FROM :schema.instances
    WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND status IN ('Pending', 'Running', 'Suspended'))
