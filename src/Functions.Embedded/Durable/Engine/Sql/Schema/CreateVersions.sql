CREATE SCHEMA IF NOT EXISTS :schema;
CREATE TABLE IF NOT EXISTS :schema.schema_version (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
-- The oldest program, by the newest version it knows, that works with what this version made.
ALTER TABLE :schema.schema_version ADD COLUMN IF NOT EXISTS works_from integer NOT NULL DEFAULT 1;
