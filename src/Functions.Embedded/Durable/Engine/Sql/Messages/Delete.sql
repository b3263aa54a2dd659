-- $1 ids of messages that a turn has taken.
DELETE FROM :schema.messages WHERE id = ANY ($1)
