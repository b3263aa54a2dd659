-- After Rewind/NumberHistory.sql.
UPDATE :schema.history SET seq = seq - 1000000000 WHERE hub = $1 AND instance_id = $2 AND execution_id = $3
