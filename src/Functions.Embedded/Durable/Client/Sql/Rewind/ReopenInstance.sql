-- Makes the instance $2 run again, with a history of the length $3. After Instances/Lock.sql.
UPDATE :schema.instances
SET status = CASE WHEN $3 = 0 THEN 'Pending' ELSE 'Running' END,
    output = NULL, failure = NULL, completed_at = NULL, updated_at = now(),
    turn = turn + 1, history_length = $3, ready_at = now(), locked_by = NULL, locked_until = '-infinity'
WHERE hub = $1 AND instance_id = $2
