-- Owners and privileges, as far as they differ from what an object of the connected user has by itself. The first column of each row names the
-- roles that the statement needs; statements whose roles the target lacks are left out, and the preflight names the roles.
WITH objects AS (
    SELECT c.oid::regclass::text AS name, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind,
           CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS grants, c.relowner AS owner, c.relacl AS acl, n.nspname,
           -- An owned sequence and a sequence of an identity column have the owner of their table.
           c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0) AS follows
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
    UNION ALL
    SELECT quote_ident(n.nspname), 'SCHEMA', 'SCHEMA', n.nspowner, n.nspacl, n.nspname, n.nspname = 'public'
      FROM pg_namespace n
     WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')
    UNION ALL
    SELECT p.oid::regprocedure::text, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.proowner, p.proacl, n.nspname, false
      FROM pg_proc p
      JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.prokind IN ('f', 'p', 'w')
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
    UNION ALL
    SELECT format_type(t.oid, NULL), CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.typowner, t.typacl, n.nspname, false
      FROM pg_type t
      JOIN pg_namespace n ON n.oid = t.typnamespace
      LEFT JOIN pg_class c ON c.oid = t.typrelid
     WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
), user_objects AS (
    SELECT * FROM objects n WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
)
SELECT ARRAY[pg_get_userbyid(o.owner)::text], 'owner', o.name, format('ALTER %s %s OWNER TO %I', o.kind, o.name, pg_get_userbyid(o.owner))
  FROM user_objects o
 WHERE pg_get_userbyid(o.owner) <> current_user AND NOT o.follows
UNION ALL
SELECT CASE WHEN grantee = 0 THEN '{}' ELSE ARRAY[pg_get_userbyid(grantee)::text] END, 'privilege', o.name,
       format('GRANT %s ON %s %s TO %s%s', string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type), o.grants, o.name,
              CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM user_objects o
 CROSS JOIN LATERAL aclexplode(o.acl) a
 WHERE o.acl IS NOT NULL AND a.grantee <> o.owner
 GROUP BY o.name, o.grants, a.grantee, a.is_grantable
UNION ALL
-- Everybody may execute a function or use a type unless it was revoked.
SELECT '{}', 'privilege', o.name, format('REVOKE ALL ON %s %s FROM PUBLIC', o.grants, o.name)
  FROM user_objects o
 WHERE o.acl IS NOT NULL AND o.grants IN ('FUNCTION', 'PROCEDURE', 'TYPE', 'DOMAIN')
   AND NOT EXISTS (SELECT FROM aclexplode(o.acl) a WHERE a.grantee = 0)
UNION ALL
SELECT CASE WHEN x.grantee = 0 THEN '{}' ELSE ARRAY[pg_get_userbyid(x.grantee)::text] END, 'privilege', c.oid::regclass || '.' || a.attname,
       format('GRANT %s (%I) ON TABLE %s TO %s', x.privilege_type, a.attname, c.oid::regclass, CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END)
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL aclexplode(a.attacl) x
 WHERE a.attacl IS NOT NULL AND x.grantee <> c.relowner AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'platform_copy')
 ORDER BY 2, 3, 4
