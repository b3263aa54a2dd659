-- Deletes events beyond the length ($4) that the row of the instance $2 says. There are none unless somebody put them there; they would be in the
-- way of the events that end the instance.
DELETE FROM :schema.history WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND seq >= $4
