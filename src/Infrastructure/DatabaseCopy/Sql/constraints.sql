-- Primary keys, unique and exclusion constraints, then the CHECK constraints that were never validated.
SELECT 'constraint', k.conrelid::regclass || '.' || k.conname,
       format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE (k.contype IN ('p', 'u', 'x') OR k.contype = 'c' AND NOT k.convalidated)
   AND (k.contype <> 'c' OR k.conislocal) AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY k.contype = 'c', pg_relation_size(c.oid) DESC, 2
