-- Indexes that only the statements they are for can use. An index that any lookup by hub may use is what the planner takes for every
-- statement that it plans while the tables are empty, and a prepared statement keeps that plan when they are full.
DROP INDEX durable.instances_created;
CREATE INDEX instances_created ON durable.instances (hub, created_at) WHERE created_at > '-infinity';
DROP INDEX durable.activities_queue;
CREATE INDEX activities_queue ON durable.activities (hub, visible_at) WHERE visible_at > '-infinity';

-- What retention looks for.
CREATE INDEX instances_finished ON durable.instances (hub, completed_at) WHERE completed_at IS NOT NULL;

-- Rows of these come and go all the time: cleaned up by their number, not by a share of what a hub has ever held.
ALTER TABLE durable.activities SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE durable.messages SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE durable.instances SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE durable.history SET (autovacuum_vacuum_scale_factor = 0.05);
