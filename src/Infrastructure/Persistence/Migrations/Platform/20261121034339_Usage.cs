using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261121034339_Usage")]
    public class Usage : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "dataset_usage",
                columns: table => new
                {
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    user_id = table.Column<Guid>(type: "uuid", nullable: false),
                    bytes = table.Column<long>(type: "bigint", nullable: false),
                    images = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dataset_usage", x => new { x.dataset_id, x.user_id });
                    table.ForeignKey(
                        name: "fk_dataset_usage_datasets_dataset_id",
                        column: x => x.dataset_id,
                        principalTable: "datasets",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_training_jobs_created_by_completed_at",
                table: "training_jobs",
                columns: new[] { "created_by", "completed_at" });

            migrationBuilder.CreateIndex(
                name: "ix_datasets_created_by",
                table: "datasets",
                column: "created_by",
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_dataset_uploads_created_by",
                table: "dataset_uploads",
                column: "created_by");

            migrationBuilder.CreateIndex(
                name: "ix_dataset_usage_user_id",
                table: "dataset_usage",
                column: "user_id");

            migrationBuilder.Sql("""
                INSERT INTO dataset_usage (dataset_id, user_id, bytes, images)
                SELECT dataset_id, created_by, sum(size), count(*) FROM dataset_images GROUP BY dataset_id, created_by;

                -- One statement of the app may bring or take thousands of images: one change of the sums for all of them.
                CREATE FUNCTION add_dataset_usage() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO dataset_usage AS u (dataset_id, user_id, bytes, images)
                    SELECT dataset_id, created_by, sum(size), count(*) FROM added GROUP BY dataset_id, created_by ORDER BY dataset_id, created_by
                    ON CONFLICT (dataset_id, user_id) DO UPDATE SET bytes = u.bytes + excluded.bytes, images = u.images + excluded.images;
                    RETURN NULL;
                END $$;

                CREATE FUNCTION subtract_dataset_usage() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    UPDATE dataset_usage u SET bytes = u.bytes - r.bytes, images = u.images - r.images
                    FROM (SELECT dataset_id, created_by, sum(size) AS bytes, count(*) AS images FROM removed GROUP BY dataset_id, created_by) r
                    WHERE u.dataset_id = r.dataset_id AND u.user_id = r.created_by;
                    RETURN NULL;
                END $$;

                CREATE TRIGGER dataset_images_added AFTER INSERT ON dataset_images
                    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_dataset_usage();
                CREATE TRIGGER dataset_images_removed AFTER DELETE ON dataset_images
                    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION subtract_dataset_usage();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DROP TRIGGER dataset_images_added ON dataset_images;
                DROP TRIGGER dataset_images_removed ON dataset_images;
                DROP FUNCTION add_dataset_usage();
                DROP FUNCTION subtract_dataset_usage();
                """);
            migrationBuilder.DropTable(
                name: "dataset_usage");

            migrationBuilder.DropIndex(
                name: "ix_training_jobs_created_by_completed_at",
                table: "training_jobs");

            migrationBuilder.DropIndex(
                name: "ix_datasets_created_by",
                table: "datasets");

            migrationBuilder.DropIndex(
                name: "ix_dataset_uploads_created_by",
                table: "dataset_uploads");
        }
    }
}
