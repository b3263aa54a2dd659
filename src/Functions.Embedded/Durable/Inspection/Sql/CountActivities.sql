-- Calls of activities that have no result, by name.
SELECT name, count(*)
FROM :schema.activities
WHERE hub = $1
GROUP BY name
ORDER BY name
