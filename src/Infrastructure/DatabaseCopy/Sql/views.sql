-- Views, and materialized views without their rows: those are computed at the end.
SELECT 'view', c.oid::regclass::text,
       concat('CREATE ', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' END, 'VIEW ', c.oid::regclass, ' WITH (' || array_to_string(c.reloptions, ', ') || ')',
              ' AS ', rtrim(pg_get_viewdef(c.oid), ';'), CASE c.relkind WHEN 'm' THEN ' WITH NO DATA' END)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
SELECT 'rows of view', c.oid::regclass::text, format('REFRESH MATERIALIZED VIEW %s', c.oid::regclass)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'm' AND c.relispopulated AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY 1 DESC, 2
