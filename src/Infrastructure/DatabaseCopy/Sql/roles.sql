-- Roles that own something or were granted something.
SELECT DISTINCT pg_get_userbyid(d.refobjid)::text
  FROM pg_shdepend d
 WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('o', 'a', 'r')
 ORDER BY 1
