-- Foreign keys. Those of a partitioned table are made at the parent and reach the partitions by themselves.
SELECT 'foreign key', k.conrelid::regclass || '.' || k.conname,
       format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END, k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY 2
