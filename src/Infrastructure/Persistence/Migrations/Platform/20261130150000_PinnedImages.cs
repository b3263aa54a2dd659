using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130150000_PinnedImages")]
    public class PinnedImages : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "pinned_images",
                columns: table => new
                {
                    key = table.Column<string>(type: "text", nullable: false),
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    size = table.Column<long>(type: "bigint", nullable: false),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_pinned_images", x => x.key);
                    table.ForeignKey(
                        name: "fk_pinned_images_datasets_dataset_id",
                        column: x => x.dataset_id,
                        principalTable: "datasets",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_pinned_images_dataset_id",
                table: "pinned_images",
                column: "dataset_id");

            migrationBuilder.Sql("""
                CREATE TRIGGER pinned_images_added AFTER INSERT ON pinned_images
                    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_dataset_usage();
                CREATE TRIGGER pinned_images_removed AFTER DELETE ON pinned_images
                    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION subtract_dataset_usage();

                -- Nobody knows any more who uploaded the images that left until now: they count for who published the first version of them.
                INSERT INTO pinned_images (key, dataset_id, size, created_by)
                SELECT DISTINCT ON (p.key) p.key, v.dataset_id, p.size, v.created_by
                FROM dataset_version_images p JOIN dataset_versions v ON v.id = p.version_id
                WHERE NOT EXISTS (SELECT 1 FROM dataset_images i WHERE i.dataset_id = v.dataset_id AND i.key = p.key)
                ORDER BY p.key, v.number;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DELETE FROM pinned_images");
            migrationBuilder.DropTable(
                name: "pinned_images");
        }
    }
}
