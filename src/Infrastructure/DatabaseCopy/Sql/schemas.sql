-- Schemas. Every database has public; its comment and privileges are copied with those of the others.
SELECT 'schema', quote_ident(n.nspname), format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname)
  FROM pg_namespace n
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')
 ORDER BY n.nspname
