SELECT version, works_from FROM :schema.schema_version
