-- Tables that hold rows: ordinary ones and leaf partitions. "text" tells that the binary form of a column holds object ids, which differ between
-- databases: arrays and composites of types made by users, reg* types, types without a binary form.
SELECT c.oid, c.oid::regclass::text AS name, n.nspname AS schema, c.relname AS table, pg_relation_size(c.oid) AS heap_bytes,
       pg_table_size(c.oid) AS bytes, greatest(c.reltuples, 0)::bigint AS estimated_rows,
       coalesce((SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum)
                   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '{}') AS columns,
       EXISTS (WITH RECURSIVE used AS (
                   SELECT a.atttypid AS type, false AS inside FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                   UNION
                   SELECT part.type, part.inside
                     FROM used
                     JOIN pg_type t ON t.oid = used.type
                    CROSS JOIN LATERAL (
                          SELECT t.typbasetype AS type, used.inside WHERE t.typtype = 'd'
                          UNION ALL SELECT t.typelem, true WHERE t.typcategory = 'A' AND t.typelem <> 0
                          UNION ALL SELECT r.rngsubtype, used.inside FROM pg_range r WHERE r.rngtypid = t.oid OR r.rngmultitypid = t.oid
                          UNION ALL SELECT a.atttypid, true FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) part)
               SELECT FROM used JOIN pg_type t ON t.oid = used.type
                WHERE used.inside AND t.oid >= 16384 OR t.typsend = 0 OR t.typreceive = 0 OR t.typname ~ '^reg') AS text
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY pg_table_size(c.oid) DESC, 2
