using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130050000_ArchivesAndGivenSplits")]
    public class ArchivesAndGivenSplits : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "split",
                table: "dataset_uploads",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "split",
                table: "dataset_images",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "dataset_archives",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    layout = table.Column<string>(type: "text", nullable: false),
                    folder = table.Column<string>(type: "text", nullable: false),
                    size = table.Column<long>(type: "bigint", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    format = table.Column<string>(type: "text", nullable: true),
                    entries = table.Column<int>(type: "integer", nullable: true),
                    taken = table.Column<int>(type: "integer", nullable: false),
                    skipped = table.Column<int>(type: "integer", nullable: false),
                    refused = table.Column<int>(type: "integer", nullable: false),
                    taken_bytes = table.Column<long>(type: "bigint", nullable: false),
                    error = table.Column<string>(type: "jsonb", nullable: true),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dataset_archives", x => x.id);
                    table.ForeignKey(
                        name: "fk_dataset_archives_datasets_dataset_id",
                        column: x => x.dataset_id,
                        principalTable: "datasets",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "dataset_archive_entries",
                columns: table => new
                {
                    archive_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    path = table.Column<string>(type: "text", nullable: true),
                    folded_path = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    @class = table.Column<string>(name: "class", type: "text", nullable: true),
                    split = table.Column<string>(type: "text", nullable: true),
                    size = table.Column<long>(type: "bigint", nullable: false),
                    batch = table.Column<int>(type: "integer", nullable: true),
                    offset = table.Column<long>(type: "bigint", nullable: false),
                    compressed_size = table.Column<long>(type: "bigint", nullable: false),
                    method = table.Column<int>(type: "integer", nullable: false),
                    crc32 = table.Column<long>(type: "bigint", nullable: false),
                    upload_id = table.Column<Guid>(type: "uuid", nullable: true),
                    outcome = table.Column<string>(type: "text", nullable: true),
                    code = table.Column<string>(type: "text", nullable: true),
                    detail = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dataset_archive_entries", x => new { x.archive_id, x.number });
                    table.ForeignKey(
                        name: "fk_dataset_archive_entries_dataset_archives_archive_id",
                        column: x => x.archive_id,
                        principalTable: "dataset_archives",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_dataset_archive_entries_archive_id_batch",
                table: "dataset_archive_entries",
                columns: new[] { "archive_id", "batch" });

            migrationBuilder.CreateIndex(
                name: "ix_dataset_archive_entries_archive_id_folded_path",
                table: "dataset_archive_entries",
                columns: new[] { "archive_id", "folded_path" });

            migrationBuilder.CreateIndex(
                name: "ix_dataset_archive_entries_archive_id_outcome_number",
                table: "dataset_archive_entries",
                columns: new[] { "archive_id", "outcome", "number" });

            migrationBuilder.CreateIndex(
                name: "ix_dataset_archives_active",
                table: "dataset_archives",
                column: "created_at",
                filter: "state IN ('announced', 'unpacking')");

            migrationBuilder.CreateIndex(
                name: "ix_dataset_archives_announced",
                table: "dataset_archives",
                columns: new[] { "created_by", "expires_at" },
                filter: "state = 'announced'")
                .Annotation("Npgsql:IndexInclude", new[] { "size" });

            migrationBuilder.CreateIndex(
                name: "ix_dataset_archives_dataset_id_id",
                table: "dataset_archives",
                columns: new[] { "dataset_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dataset_archives_ended_at",
                table: "dataset_archives",
                column: "ended_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "dataset_archive_entries");

            migrationBuilder.DropTable(
                name: "dataset_archives");

            migrationBuilder.DropColumn(
                name: "split",
                table: "dataset_uploads");

            migrationBuilder.DropColumn(
                name: "split",
                table: "dataset_images");
        }
    }
}
