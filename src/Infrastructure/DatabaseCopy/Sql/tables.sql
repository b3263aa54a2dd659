-- Tables with columns, defaults, generated and identity columns and valid CHECK constraints. A partition is made as a table of its own and
-- attached later, as its columns may be in another order than those of its parent.
WITH tables AS (
    SELECT c.*, n.nspname
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
), columns AS (
    SELECT a.attrelid, a.attnum AS position,
           concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
                  CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0 THEN ' COLLATE ' || a.attcollation::regcollation::text END,
                  CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                       WHEN a.attgenerated = 'v' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') VIRTUAL'
                       WHEN a.attidentity <> '' THEN
                            (SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s%s)',
                                           CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.seqrelid::regclass, s.seqincrement, s.seqmin, s.seqmax,
                                           s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
                               FROM pg_depend i JOIN pg_sequence s ON s.seqrelid = i.objid
                              WHERE i.classid = 'pg_class'::regclass AND i.refclassid = 'pg_class'::regclass AND i.refobjid = a.attrelid AND i.refobjsubid = a.attnum AND i.deptype = 'i')
                       WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
                  END,
                  CASE WHEN a.attnotnull THEN ' NOT NULL' END) AS definition
      FROM pg_attribute a
      JOIN tables ON tables.oid = a.attrelid
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR tables.relispartition)
    UNION ALL
    SELECT k.conrelid, 10000 + row_number() OVER (PARTITION BY k.conrelid ORDER BY k.conname),
           format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid))
      FROM pg_constraint k
      JOIN tables ON tables.oid = k.conrelid
     WHERE k.contype = 'c' AND k.convalidated AND (k.conislocal OR tables.relispartition)
)
SELECT 'table', t.oid::regclass::text,
       concat('CREATE ', CASE t.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, 'TABLE ', t.oid::regclass, ' (',
              (SELECT string_agg(c.definition, ', ' ORDER BY c.position) FROM columns c WHERE c.attrelid = t.oid), ')',
              (SELECT ' INHERITS (' || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) || ')' FROM pg_inherits i WHERE i.inhrelid = t.oid AND NOT t.relispartition),
              CASE t.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(t.oid) END,
              ' WITH (' || array_to_string(t.reloptions, ', ') || ')')
  FROM tables t
UNION ALL
SELECT 'partition', t.oid::regclass::text,
       format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', i.inhparent::regclass, t.oid::regclass, pg_get_expr(t.relpartbound, t.oid))
  FROM tables t
  JOIN pg_inherits i ON i.inhrelid = t.oid
 WHERE t.relispartition
UNION ALL
SELECT 'column', a.attrelid::regclass || '.' || a.attname,
       concat(format('ALTER TABLE ONLY %s', a.attrelid::regclass),
              array_to_string(ARRAY[
                  CASE WHEN a.attstorage <> ty.typstorage THEN
                      format(' ALTER COLUMN %I SET STORAGE %s', a.attname, CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END) END,
                  CASE WHEN a.attcompression <> '' THEN format(' ALTER COLUMN %I SET COMPRESSION %s', a.attname, CASE a.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END) END,
                  CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN format(' ALTER COLUMN %I SET STATISTICS %s', a.attname, a.attstattarget) END,
                  CASE WHEN a.attoptions IS NOT NULL THEN format(' ALTER COLUMN %I SET (%s)', a.attname, array_to_string(a.attoptions, ', ')) END], ','))
  FROM pg_attribute a
  JOIN tables t ON t.oid = a.attrelid
  JOIN pg_type ty ON ty.oid = a.atttypid
 WHERE a.attnum > 0 AND NOT a.attisdropped
   AND (a.attstorage <> ty.typstorage OR a.attcompression <> '' OR coalesce(a.attstattarget, -1) >= 0 OR a.attoptions IS NOT NULL)
 ORDER BY 1 DESC, 2
