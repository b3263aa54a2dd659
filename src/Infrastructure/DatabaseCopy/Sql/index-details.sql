-- Which index of a partition belongs to which index of its parent; clustering, replica identity and statistics targets.
SELECT 'index', h.inhrelid::regclass::text, format('ALTER INDEX %s ATTACH PARTITION %s', h.inhparent::regclass, h.inhrelid::regclass)
  FROM pg_inherits h
  JOIN pg_class c ON c.oid = h.inhrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('i', 'I') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, format('ALTER TABLE ONLY %s CLUSTER ON %I', i.indrelid::regclass, c.relname)
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE i.indisclustered AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
UNION ALL
SELECT 'replica identity', t.oid::regclass::text,
       format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', t.oid::regclass,
              CASE t.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
                   ELSE 'USING INDEX ' || (SELECT quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = t.oid AND i.indisreplident) END)
  FROM pg_class t
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE t.relkind IN ('r', 'p') AND t.relreplident <> 'd' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL
SELECT 'index', a.attrelid::regclass::text, format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', a.attrelid::regclass, a.attnum, a.attstattarget)
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('i', 'I') AND coalesce(a.attstattarget, -1) >= 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
