-- Indexes that belong to no constraint. Invalid ones (a failed CREATE INDEX CONCURRENTLY) are left out; the preflight names them.
SELECT CASE t.relkind WHEN 'm' THEN 'view index' ELSE 'index' END, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE (i.indisvalid OR c.relkind = 'I') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = i.indrelid AND e.deptype = 'e')
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
 ORDER BY pg_relation_size(i.indrelid) DESC, 2
