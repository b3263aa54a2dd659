-- Ends the instances of $2 that have not ended, from outside of their turns. After Instances/Lock.sql of them and of their parents, and
-- Entities/Sql/LockOfOwners.sql.
-- $3 output, $4 time, $5 failure that a parent sees, $6 status, $7 failure, $8 kind of the event that the history has before the end.
-- The turn number moves on, so a turn under way is refused. A parent that goes on is told. An entity that one of them has locked is made
-- ready, and finds out when it is run.
WITH ended AS (
    UPDATE :schema.instances
    SET status = $6, output = $3, failure = $7, updated_at = $4, completed_at = $4, start_at = NULL, ready_at = NULL,
        turn = turn + 1, history_length = history_length + 2, locked_by = NULL, locked_until = '-infinity'
    WHERE status IN ('Pending', 'Running', 'Suspended')
      AND ctid = ANY (ARRAY(
          SELECT found.place
          FROM unnest($2::text[]) AS k (instance_id)
          CROSS JOIN LATERAL (SELECT ctid AS place FROM :schema.instances WHERE hub = $1 AND instance_id = k.instance_id OFFSET 0) found))
    RETURNING instance_id, execution_id, history_length, name, parent_id, parent_execution_id, parent_task_id
), recorded AS (
    INSERT INTO :schema.history (hub, instance_id, execution_id, seq, kind, at, name, data)
    SELECT $1, instance_id, execution_id, history_length - 2, $8, $4, NULL, $3 FROM ended
    UNION ALL
    SELECT $1, instance_id, execution_id, history_length - 1, 'ExecutionCompleted', $4, $6, coalesce($7, $3) FROM ended
), untold AS (
    -- A failed instance keeps its inbox for a rewind.
    DELETE FROM :schema.messages m USING ended e WHERE m.hub = $1 AND m.instance_id = e.instance_id AND $6 = 'Terminated'
), unlocked AS (
    UPDATE :schema.entities n
    SET ready_at = least(n.ready_at, now())
    WHERE n.hub = $1 AND n.lock_owner = ANY (ARRAY(SELECT instance_id FROM ended))
), parents AS (
    UPDATE :schema.instances p
    SET ready_at = least(p.ready_at, now())
    FROM (SELECT DISTINCT parent_id, parent_execution_id FROM ended) e
    WHERE p.hub = $1 AND p.instance_id = e.parent_id AND p.execution_id = e.parent_execution_id
      AND p.status IN ('Pending', 'Running', 'Suspended') AND p.instance_id <> ALL ($2)
    RETURNING p.instance_id
), told AS (
    INSERT INTO :schema.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
    SELECT $1, e.parent_id, e.parent_execution_id, 'SubOrchestrationFailed', e.parent_task_id, e.name, $5, now()
    FROM ended e
    JOIN parents p ON p.instance_id = e.parent_id
)
SELECT count(*) FROM ended
