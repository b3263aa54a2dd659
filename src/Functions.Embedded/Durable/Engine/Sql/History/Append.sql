-- Adds events to histories. The primary key refuses a number ($4) that is there already.
INSERT INTO :schema.history (hub, instance_id, execution_id, seq, kind, at, task_id, name, data, target, fire_at, message_id, version, tags)
SELECT $1, h.*
FROM unnest($2::text[], $3::uuid[], $4::int[], $5::text[], $6::timestamptz[], $7::int[],
            $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::bigint[], $13::text[], $14::text[]) AS h
