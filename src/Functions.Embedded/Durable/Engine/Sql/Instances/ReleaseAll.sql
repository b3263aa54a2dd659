-- Gives back all leases of the engine $2, which stops, on instances that have something to do: also those that it does not know of because the
-- answer to a fetch was lost. Instances that only wait are not in the index instances_ready; the engine releases them by their ids.
UPDATE :schema.instances
SET locked_by = NULL, locked_until = '-infinity'
WHERE hub = $1 AND ready_at IS NOT NULL AND locked_by = $2
