-- Hands events that nobody took to the next execution, under the ids ($2) they came with, so that they stay before later ones.
INSERT INTO :schema.messages (id, hub, instance_id, kind, name, data, visible_at)
SELECT m.id, $1, m.instance_id, m.kind, m.name, m.data, now()
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) AS m (id, instance_id, kind, name, data)
