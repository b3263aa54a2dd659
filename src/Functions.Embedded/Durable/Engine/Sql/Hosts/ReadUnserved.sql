-- Of the functions $2, which this app does not have and noticed $3 ago: those whose work is to fail now. A function that no engine ever had waits for
-- $4, one that an engine had that is gone for $5, and one that a living engine has for ever. The second column says whether the work has waited
-- long enough even for a function that there once was.
SELECT n.name, n.noticed >= $5::interval
FROM unnest($2::text[], $3::interval[]) AS n (name, noticed)
LEFT JOIN :schema.hosts h ON h.hub = $1 AND n.name = ANY (h.names)
GROUP BY n.name, n.noticed
HAVING CASE
    WHEN max(h.alive_until) IS NULL THEN n.noticed >= $4::interval
    ELSE least(n.noticed, now() - max(h.alive_until)) >= $5::interval
END
