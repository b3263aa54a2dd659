-- Stores what the entity $2 has done and gives back the lease: its state $3, whether operations ran ($4), and the critical section that has it now
-- ($5 id, $6 orchestration, $7 execution; null: none). After Lock.sql.
-- Messages that the lock holds back wait as long as the orchestration that has it runs. Instances/End.sql makes the entity ready when that ends
-- by force; if it has just done so, this sees it, as both have the entity's row locked. The look after ten seconds is for an orchestration that
-- was purged.
UPDATE :schema.entities e
SET state = $3, turn = e.turn + 1,
    updated_at = CASE WHEN $4 THEN now() ELSE e.updated_at END,
    lock_id = $5::uuid, lock_owner = $6::text, lock_execution = $7::uuid,
    locked_by = NULL, locked_until = '-infinity',
    ready_at = (
        SELECT min(CASE
            WHEN $5::uuid IS NULL OR m.lock_id = $5 THEN m.visible_at
            WHEN EXISTS (
                SELECT FROM :schema.instances i
                WHERE i.hub = $1 AND i.instance_id = $6 AND i.execution_id = $7 AND i.status IN ('Pending', 'Running', 'Suspended'))
                THEN greatest(m.visible_at, now() + interval '10 seconds')
            ELSE greatest(m.visible_at, now())
        END)
        FROM :schema.entity_messages m
        WHERE m.hub = e.hub AND m.entity_id = e.entity_id)
WHERE e.hub = $1 AND e.entity_id = $2
