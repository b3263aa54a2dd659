-- Extensions, in the schema that they have at the source. plpgsql is there in every database.
SELECT 'extension', x.extname, format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', x.extname, n.nspname)
  FROM pg_extension x
  JOIN pg_namespace n ON n.oid = x.extnamespace
 WHERE x.extname <> 'plpgsql'
 ORDER BY x.extname
