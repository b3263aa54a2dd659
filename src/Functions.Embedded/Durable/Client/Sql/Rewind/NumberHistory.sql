-- Numbers the events that are left of the execution $3 of the instance $2 without gaps, but a billion too high, which no history reaches: two rows
-- must not have one number even for a moment. Rewind/LowerNumbers.sql brings them down.
UPDATE :schema.history h
SET seq = n.place + 1000000000
FROM (
    SELECT seq, row_number() OVER (ORDER BY seq)::int - 1 AS place
    FROM :schema.history
    WHERE hub = $1 AND instance_id = $2 AND execution_id = $3
) n
WHERE h.hub = $1 AND h.instance_id = $2 AND h.execution_id = $3 AND h.seq = n.seq
