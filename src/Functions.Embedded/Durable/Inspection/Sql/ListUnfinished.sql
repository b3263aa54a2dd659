-- A page of at most $3 instances that have not ended, in the order of ids, from after $2 on. Reads the hub once along its primary key.
SELECT instance_id, execution_id, name, version, input, parent_id, parent_name, parent_execution_id,
       parent_task_id, status, custom_status, created_at, turn, history_length
FROM :schema.instances
WHERE hub = $1 AND instance_id > $2 AND status IN ('Pending', 'Running', 'Suspended')
ORDER BY instance_id
LIMIT $3
