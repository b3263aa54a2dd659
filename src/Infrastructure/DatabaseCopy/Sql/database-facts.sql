-- What two databases have to agree on.
SELECT current_setting('server_version_num')::int AS version, pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
       d.datlocprovider::text AS provider, d.datcollversion AS collation_version, pg_database_collation_actual_version(d.oid) AS actual_collation_version,
       pg_database_size(d.oid) AS bytes, current_database()::text AS name, pg_is_in_recovery() AS standby,
       current_setting('default_transaction_read_only') = 'on' AS read_only,
       has_database_privilege(d.oid, 'CREATE') AS may_create,
       (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS sees_all_rows,
       (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects
  FROM pg_database d
 WHERE d.datname = current_database()
