-- Version and tags that a call of an activity was made with.
ALTER TABLE durable.history ADD COLUMN version text;
ALTER TABLE durable.history ADD COLUMN tags text;             -- a JSON object
