-- Takes back the events of the execution $3 of the instance $2 from number $4 on, and those with the numbers $5.
DELETE FROM :schema.history
WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND (seq >= $4 OR seq = ANY ($5))
