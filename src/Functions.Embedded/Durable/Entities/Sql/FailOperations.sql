-- Fails the operations that have been waiting for $3 on entities of the name $2 (in lower case), which nobody can run: takes them, and answers
-- callers with the failure $4. Signals have nobody to tell.
WITH due AS (
    SELECT entity_id
    FROM :schema.entities
    WHERE hub = $1 AND split_part(entity_id, '@', 2) = $2 AND ready_at <= now() - $3::interval
), gone AS (
    DELETE FROM :schema.entity_messages m
    USING due
    WHERE m.hub = $1 AND m.entity_id = due.entity_id AND m.visible_at <= now() - $3::interval
    RETURNING m.kind, m.operation, m.sender, m.sender_execution, m.task_id
), receiver AS (
    UPDATE :schema.instances i
    SET ready_at = least(i.ready_at, now())
    FROM (SELECT DISTINCT sender, sender_execution FROM gone WHERE kind IN ('Call', 'Lock')) g
    WHERE i.hub = $1 AND i.instance_id = g.sender AND i.execution_id = g.sender_execution
      AND i.status IN ('Pending', 'Running', 'Suspended')
    RETURNING i.instance_id
), told AS (
    INSERT INTO :schema.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
    SELECT $1, g.sender, g.sender_execution, 'EntityCallFailed', g.task_id, g.operation, $4, now()
    FROM gone g
    JOIN receiver r ON r.instance_id = g.sender
    WHERE g.kind IN ('Call', 'Lock')
)
UPDATE :schema.entities e
SET ready_at = NULL
FROM due
WHERE e.hub = $1 AND e.entity_id = due.entity_id
