using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Labeling
{
    /// <inheritdoc />
    [DbContext(typeof(LabelingDatabase))]
    [Migration("20261130031216_Import")]
    public class Import : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "imported_annotations",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    system = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    old_id = table.Column<string>(type: "character varying(1024)", maxLength: 1024, nullable: false),
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    path = table.Column<string>(type: "character varying(1024)", maxLength: 1024, nullable: false),
                    type = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    data = table.Column<string>(type: "jsonb", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_imported_annotations", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_imported_annotations_dataset_id_path_id",
                table: "imported_annotations",
                columns: new[] { "dataset_id", "path", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_imported_annotations_system_old_id",
                table: "imported_annotations",
                columns: new[] { "system", "old_id" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "imported_annotations");
        }
    }
}
