using System;
using System.Text.Json;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Users
{
    /// <inheritdoc />
    [DbContext(typeof(UserDatabase))]
    [Migration("20261121031643_AuditLog")]
    public class AuditLog : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit_entries",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    actor_kind = table.Column<string>(type: "text", nullable: false),
                    actor_id = table.Column<Guid>(type: "uuid", nullable: true),
                    actor_name = table.Column<string>(type: "character varying(320)", maxLength: 320, nullable: true),
                    action = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    subject_type = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: true),
                    subject_id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    subject_name = table.Column<string>(type: "character varying(320)", maxLength: 320, nullable: true),
                    result = table.Column<string>(type: "text", nullable: false),
                    code = table.Column<string>(type: "text", nullable: true),
                    address = table.Column<string>(type: "text", nullable: true),
                    user_agent = table.Column<string>(type: "character varying(300)", maxLength: 300, nullable: true),
                    trace_id = table.Column<string>(type: "text", nullable: true),
                    details = table.Column<JsonElement>(type: "jsonb", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_audit_entries", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_action_id",
                table: "audit_entries",
                columns: new[] { "action", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_actor_id_id",
                table: "audit_entries",
                columns: new[] { "actor_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_audit_entries_subject_id_id",
                table: "audit_entries",
                columns: new[] { "subject_id", "id" });

            migrationBuilder.Sql("""
                CREATE INDEX ix_audit_entries_actor_name_id ON audit_entries (lower(actor_name), id);
                CREATE INDEX ix_audit_entries_address_id ON audit_entries (address, id);
                CREATE INDEX ix_audit_entries_not_success ON audit_entries (result, id) WHERE result <> 'success';

                -- Append-only: rows leave only through purge_audit_entries, which names the time before which they may.
                CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF TG_OP = 'DELETE' THEN
                        IF OLD.time < NULLIF(current_setting('audit.purge_before', true), '')::timestamptz THEN
                            RETURN OLD;
                        END IF;
                    END IF;
                    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
                END $$;

                CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries
                    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
                CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

                -- At most the given number of rows at once, oldest first. Nothing younger than a day is ever removed.
                CREATE FUNCTION purge_audit_entries(before timestamptz, most integer) RETURNS integer LANGUAGE plpgsql AS $$
                DECLARE
                    removed integer;
                BEGIN
                    PERFORM set_config('audit.purge_before', least(before, now() - interval '1 day')::text, true);
                    DELETE FROM audit_entries WHERE id IN (
                        SELECT id FROM audit_entries WHERE time < least(before, now() - interval '1 day') ORDER BY id LIMIT most);
                    GET DIAGNOSTICS removed = ROW_COUNT;
                    PERFORM set_config('audit.purge_before', '', true);
                    RETURN removed;
                END $$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "audit_entries");
            migrationBuilder.Sql("DROP FUNCTION purge_audit_entries(timestamptz, integer); DROP FUNCTION refuse_audit_change();");
        }
    }
}
