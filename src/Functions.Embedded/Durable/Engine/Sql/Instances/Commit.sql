-- Ends the turns of the instances $2, which Instances/Lock.sql has locked: stores the new state, raises the turn number and keeps or gives
-- back the lease. Gives the seconds until each has something to do again, or null.
-- $12 whether the instance continues as new, $13 whether it has ended, $14 whether it stays live in this engine, for $15.
-- The last statement but for messages to entities, so that ready_at sees all that the turn has added to the inbox.
UPDATE :schema.instances i
SET execution_id = t.execution_id,
    version = t.version,
    status = t.status,
    input = CASE WHEN t.continued THEN t.input ELSE i.input END,
    output = t.output,
    failure = t.failure,
    custom_status = t.custom_status,
    updated_at = coalesce(t.at, i.updated_at),
    completed_at = CASE WHEN t.finished THEN t.at END,
    start_at = NULL,
    turn = i.turn + 1,
    history_length = t.history_length,
    ready_at = CASE
        WHEN t.finished THEN NULL
        WHEN t.continued THEN now()
        ELSE (SELECT min(m.visible_at) FROM :schema.messages m WHERE m.hub = i.hub AND m.instance_id = i.instance_id)
    END,
    locked_by = CASE WHEN t.keep THEN i.locked_by END,
    locked_until = CASE WHEN t.keep THEN now() + $15::interval ELSE '-infinity' END
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::timestamptz[], $11::int[], $12::bool[], $13::bool[], $14::bool[])
     AS t (instance_id, execution_id, version, status, input, output, failure, custom_status,
           at, history_length, continued, finished, keep)
WHERE i.instance_id = t.instance_id
  AND i.ctid = ANY (ARRAY(
      SELECT found.place
      FROM unnest($2::text[]) AS k (instance_id)
      CROSS JOIN LATERAL (SELECT ctid AS place FROM :schema.instances WHERE hub = $1 AND instance_id = k.instance_id OFFSET 0) found))
RETURNING i.instance_id, extract(epoch FROM i.ready_at - clock_timestamp())::float8
