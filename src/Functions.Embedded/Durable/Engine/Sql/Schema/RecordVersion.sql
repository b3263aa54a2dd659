-- $1 version, $2 name of its file, $3 the oldest program that works with it.
INSERT INTO :schema.schema_version (version, name, works_from) VALUES ($1, $2, $3)
