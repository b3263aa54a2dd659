-- Tells the execution $3 of the instance $2 how its sub-orchestration $6 (call $4, orchestrator $5) ended; the failure $7 when it did not
-- complete or is gone.
INSERT INTO :schema.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
SELECT $1, $2, $3, CASE WHEN c.status = 'Completed' THEN 'SubOrchestrationCompleted' ELSE 'SubOrchestrationFailed' END,
       $4, $5, CASE WHEN c.status = 'Completed' THEN c.output ELSE $7 END, now()
FROM (SELECT 1) AS one
LEFT JOIN :schema.instances c ON c.hub = $1 AND c.instance_id = $6
