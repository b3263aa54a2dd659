-- Foreign keys with the table that has them and the table that they refer to.
SELECT k.conrelid::regclass || '.' || k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
 ORDER BY 1
