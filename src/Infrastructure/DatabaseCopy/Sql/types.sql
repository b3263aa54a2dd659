-- Enumerations, composite types, ranges and domains.
SELECT 'type', format_type(t.oid, NULL),
       format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
              (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid))
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'e' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL
SELECT 'type', format_type(t.oid, NULL),
       format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
              (SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                                        CASE WHEN a.attcollation <> b.typcollation THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END),
                                 ', ' ORDER BY a.attnum)
                 FROM pg_attribute a JOIN pg_type b ON b.oid = a.atttypid
                WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
 WHERE t.typtype = 'c' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL
SELECT 'type', format_type(t.oid, NULL),
       format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s%s%s%s, MULTIRANGE_TYPE_NAME = %s)', n.nspname, t.typname, format_type(r.rngsubtype, NULL),
              CASE WHEN o.opcdefault THEN '' ELSE format(', SUBTYPE_OPCLASS = %I.%I', opcn.nspname, o.opcname) END,
              CASE WHEN r.rngcollation <> s.typcollation AND r.rngcollation <> 0 THEN ', COLLATION = ' || r.rngcollation::regcollation::text ELSE '' END,
              CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::regproc::text ELSE '' END,
              format_type(r.rngmultitypid, NULL))
  FROM pg_range r
  JOIN pg_type t ON t.oid = r.rngtypid
  JOIN pg_type s ON s.oid = r.rngsubtype
  JOIN pg_opclass o ON o.oid = r.rngsubopc
  JOIN pg_namespace opcn ON opcn.oid = o.opcnamespace
  JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL
SELECT 'domain', format_type(t.oid, NULL),
       concat(format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod)),
              CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation::text END,
              ' DEFAULT ' || pg_get_expr(t.typdefaultbin, 0),
              CASE WHEN t.typnotnull THEN ' NOT NULL' END,
              (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
                 FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c' AND k.convalidated))
  FROM pg_type t
  JOIN pg_type b ON b.oid = t.typbasetype
  JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'd' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
 ORDER BY 1 DESC, 2
