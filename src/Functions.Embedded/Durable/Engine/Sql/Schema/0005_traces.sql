-- The W3C trace context (traceparent) in which an instance was started. Its activities and sub-orchestrations go on with it.
ALTER TABLE durable.instances ADD COLUMN trace_parent text;
ALTER TABLE durable.activities ADD COLUMN trace_parent text;
