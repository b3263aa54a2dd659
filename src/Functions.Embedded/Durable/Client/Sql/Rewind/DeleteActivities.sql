-- Takes back the calls $4 that the undone turn made.
DELETE FROM :schema.activities
WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND task_id = ANY ($4)
