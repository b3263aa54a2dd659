-- Unique indexes over text in the database's own order: two values that differ at the source could be one at the target, or the other way round,
-- if the servers sort by other rules.
SELECT i.indexrelid::regclass::text
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_collation l ON l.oid = ANY (i.indcollation)
 WHERE i.indisunique AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND (l.collprovider = 'd' OR l.collprovider IN ('c', 'i') AND l.collname NOT IN ('C', 'POSIX', 'ucs_basic'))
 GROUP BY 1
 ORDER BY 1
