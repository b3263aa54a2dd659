-- Tables that the connected user may not read, or of which row security would hide rows.
SELECT c.oid::regclass::text AS name, has_table_privilege(c.oid, 'SELECT') AS readable
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND (NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))
 ORDER BY 1
