-- $1 ids of messages that the entity has done.
DELETE FROM :schema.entity_messages WHERE id = ANY ($1)
