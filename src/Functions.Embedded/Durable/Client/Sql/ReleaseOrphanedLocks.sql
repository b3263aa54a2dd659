-- Takes back locks of orchestrations that do not run any more. The turn number moves on: a run that began under the lock is refused.
UPDATE :schema.entities e
SET lock_id = NULL, lock_owner = NULL, lock_execution = NULL, turn = e.turn + 1,
    ready_at = (SELECT min(m.visible_at) FROM :schema.entity_messages m WHERE m.hub = e.hub AND m.entity_id = e.entity_id)
WHERE e.hub = $1 AND e.lock_owner IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM :schema.instances i
    WHERE i.hub = e.hub AND i.instance_id = e.lock_owner AND i.execution_id = e.lock_execution
      AND i.status IN ('Pending', 'Running', 'Suspended'))
