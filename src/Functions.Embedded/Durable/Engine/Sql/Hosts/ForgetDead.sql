-- Rows of engines that are gone say which functions there once were. One row a set of names ($2) is enough: the engine that starts with the same
-- set removes the older ones.
DELETE FROM :schema.hosts WHERE hub = $1 AND alive_until < now() AND names = $2
