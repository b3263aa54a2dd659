-- What is not copied: kinds of objects whose definition the server does not print, and what belongs to the server rather than to the database.
SELECT 'aggregate' AS kind, p.oid::regprocedure::text AS name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE p.prokind = 'a' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
UNION ALL
SELECT 'foreign table', c.oid::regclass::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'f' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
SELECT 'base type', format_type(t.oid, NULL)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'b' AND t.typcategory <> 'A' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
UNION ALL
SELECT 'collation', c.oid::regcollation::text
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_collation'::regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
SELECT 'operator', o.oid::regoperator::text
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_operator'::regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL
SELECT 'operator class', o.opcname
  FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_opclass'::regclass AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL
SELECT 'text search configuration', c.oid::regconfig::text
  FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_ts_config'::regclass AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
SELECT 'text search dictionary', d.oid::regdictionary::text
  FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy') AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_ts_dict'::regclass AND e.objid = d.oid AND e.deptype = 'e')
UNION ALL
SELECT 'cast', format('%s to %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))
  FROM pg_cast c
 WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i'))
UNION ALL
SELECT 'event trigger', evtname::text FROM pg_event_trigger v WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = v.oid AND e.deptype = 'e')
UNION ALL
SELECT 'foreign server', srvname::text FROM pg_foreign_server
UNION ALL
SELECT 'publication', pubname::text FROM pg_publication
UNION ALL
SELECT 'subscription', s.subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
UNION ALL
SELECT 'procedural language', lanname::text FROM pg_language l WHERE l.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_language'::regclass AND e.objid = l.oid AND e.deptype = 'e')
UNION ALL
SELECT 'tablespace of', c.oid::regclass::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.reltablespace <> 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
UNION ALL
SELECT 'storage method of', c.oid::regclass::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
 WHERE c.relkind IN ('r', 'm') AND a.amname <> 'heap' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
UNION ALL
SELECT 'invalid index', i.indexrelid::regclass::text
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
UNION ALL
SELECT 'constraint that was never validated, of domain', k.contypid::regtype::text
  FROM pg_constraint k WHERE k.contypid <> 0 AND NOT k.convalidated
UNION ALL
SELECT 'setting of the database', unnest(r.setconfig)
  FROM pg_db_role_setting r JOIN pg_database d ON d.oid = r.setdatabase AND d.datname = current_database()
UNION ALL
SELECT 'default privileges of', pg_get_userbyid(a.defaclrole)::text FROM pg_default_acl a
UNION ALL
SELECT 'security label on', l.objoid::text FROM pg_seclabel l
 ORDER BY 1, 2
