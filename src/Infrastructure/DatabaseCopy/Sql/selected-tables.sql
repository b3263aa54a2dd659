-- The tables that are named, the partitions of a named table, and partitioned tables of which a partition is named.
WITH tables AS (
    SELECT c.oid, c.relkind, c.relispartition
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
), leaves AS (
    SELECT t.oid FROM tables t
     WHERE t.relkind = 'r'
       AND (t.oid::regclass::text = ANY ($1) OR t.relispartition AND EXISTS (SELECT FROM pg_partition_ancestors(t.oid) a WHERE a.relid::regclass::text = ANY ($1)))
)
SELECT oid::regclass::text, true FROM leaves
 UNION
SELECT a.relid::regclass::text, false FROM leaves l CROSS JOIN LATERAL pg_partition_ancestors(l.oid) a WHERE a.relid <> l.oid
 UNION
SELECT oid::regclass::text, false FROM tables WHERE relkind = 'p' AND oid::regclass::text = ANY ($1)
