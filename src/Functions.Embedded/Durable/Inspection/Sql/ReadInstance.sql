-- The instance $2 with what running it needs, then what says whether there is something to do and who holds it.
SELECT instance_id, execution_id, name, version, input, parent_id, parent_name, parent_execution_id,
       parent_task_id, status, custom_status, created_at, turn, history_length,
       updated_at, start_at, ready_at, CASE WHEN locked_until > now() THEN locked_by END, failure, now()
FROM :schema.instances
WHERE hub = $1 AND instance_id = $2
