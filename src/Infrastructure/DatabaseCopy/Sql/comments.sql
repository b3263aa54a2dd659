-- Comments on everything that is copied.
SELECT 'comment', o.identity,
       format('COMMENT ON %s %s IS %L',
              CASE o.type WHEN 'table column' THEN 'COLUMN' WHEN 'view column' THEN 'COLUMN' WHEN 'composite type column' THEN 'COLUMN' WHEN 'materialized view column' THEN 'COLUMN'
                   WHEN 'table constraint' THEN 'CONSTRAINT' WHEN 'domain constraint' THEN 'CONSTRAINT' ELSE upper(o.type) END,
              CASE o.type WHEN 'domain constraint' THEN replace(o.identity, ' on ', ' on domain ') ELSE o.identity END, d.description)
  FROM pg_description d
 CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS o
 WHERE o.type IN ('schema', 'table', 'table column', 'view', 'view column', 'materialized view', 'materialized view column', 'sequence', 'index', 'type', 'composite type column', 'function',
                  'procedure', 'trigger', 'rule', 'policy', 'table constraint', 'domain constraint', 'statistics object')
   AND (o.schema IS NULL OR o.schema !~ '^pg_' AND o.schema NOT IN ('information_schema', 'platform_copy'))
   AND NOT (o.type = 'schema' AND (o.name ~ '^pg_' OR o.name IN ('information_schema', 'platform_copy') OR d.description = 'standard public schema'))
   AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
 ORDER BY 2
