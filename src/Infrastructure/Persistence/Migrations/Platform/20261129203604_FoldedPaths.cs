using System;
using System.Linq;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using VisionPlatform.Domain.Text;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261129203604_FoldedPaths")]
    public class FoldedPaths : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_dataset_uploads_dataset_id",
                table: "dataset_uploads");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "emptied_at",
                table: "datasets",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "folded_path",
                table: "dataset_uploads",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "folded_path",
                table: "dataset_images",
                type: "text",
                nullable: false,
                defaultValue: "",
                collation: "C");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "files_swept_at",
                table: "attempts",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.Sql($"""
                DROP INDEX ux_dataset_images_path;
                DROP INDEX ux_dataset_uploads_path;

                -- CaseFold.Of, with its own tables.
                CREATE FUNCTION pg_temp.fold(path text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
                DECLARE folded text := normalize(path, NFD);
                BEGIN
                    folded := translate(folded, '{Single(pair => pair.Character)}', '{Single(pair => pair.Folded)}');
                    IF folded !~ '^[ -~]*$' THEN
                        {Several()}
                    END IF;
                    RETURN normalize(folded, NFC);
                END $$;

                -- Earlier releases let in some paths that are the same by these rules. The oldest keeps the path; no path has an empty folder, so
                -- what the others get is the key of nothing else.
                UPDATE dataset_images i SET folded_path = CASE WHEN f.number = 1 THEN f.folded ELSE f.folded || '//' || i.id END
                FROM (SELECT id, folded, row_number() OVER (PARTITION BY dataset_id, folded ORDER BY id) AS number
                      FROM (SELECT id, dataset_id, pg_temp.fold(path) AS folded FROM dataset_images) AS paths) AS f
                WHERE f.id = i.id;
                UPDATE dataset_uploads u SET folded_path = CASE WHEN f.number = 1 THEN f.folded ELSE f.folded || '//' || u.id END
                FROM (SELECT id, folded, row_number() OVER (PARTITION BY dataset_id, created_by, folded ORDER BY id) AS number
                      FROM (SELECT id, dataset_id, created_by, pg_temp.fold(path) AS folded FROM dataset_uploads) AS paths) AS f
                WHERE f.id = u.id;
                ALTER TABLE dataset_images ALTER COLUMN folded_path DROP DEFAULT;
                ALTER TABLE dataset_uploads ALTER COLUMN folded_path DROP DEFAULT;
                DROP FUNCTION pg_temp.fold(text);
                """);

            migrationBuilder.CreateIndex(
                name: "ix_datasets_to_empty",
                table: "datasets",
                column: "deleted_at",
                filter: "deleted_at IS NOT NULL AND emptied_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_dataset_uploads_dataset_id_folded_path_created_by",
                table: "dataset_uploads",
                columns: new[] { "dataset_id", "folded_path", "created_by" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_dataset_images_dataset_id_folded_path",
                table: "dataset_images",
                columns: new[] { "dataset_id", "folded_path" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_attempts_to_sweep",
                table: "attempts",
                column: "ended_at",
                filter: "files_swept_at IS NULL");
        }

        private static string Single(Func<(string Character, string Folded), string> part) =>
            string.Concat(CaseFold.Replacements.Where(pair => pair.Folded.EnumerateRunes().Count() == 1).Select(part));

        private static string Several() => string.Join(
            ' ', CaseFold.Replacements.Where(pair => pair.Folded.EnumerateRunes().Count() > 1).Select(pair => $"folded := replace(folded, '{pair.Character}', '{pair.Folded}');"));

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_datasets_to_empty",
                table: "datasets");

            migrationBuilder.DropIndex(
                name: "ix_dataset_uploads_dataset_id_folded_path_created_by",
                table: "dataset_uploads");

            migrationBuilder.DropIndex(
                name: "ix_dataset_images_dataset_id_folded_path",
                table: "dataset_images");

            migrationBuilder.DropIndex(
                name: "ix_attempts_to_sweep",
                table: "attempts");

            migrationBuilder.DropColumn(
                name: "emptied_at",
                table: "datasets");

            migrationBuilder.DropColumn(
                name: "folded_path",
                table: "dataset_uploads");

            migrationBuilder.DropColumn(
                name: "folded_path",
                table: "dataset_images");

            migrationBuilder.DropColumn(
                name: "files_swept_at",
                table: "attempts");

            migrationBuilder.CreateIndex(
                name: "ix_dataset_uploads_dataset_id",
                table: "dataset_uploads",
                column: "dataset_id");

            migrationBuilder.Sql("""
                CREATE UNIQUE INDEX ux_dataset_images_path ON dataset_images (dataset_id, lower(path));
                CREATE UNIQUE INDEX ux_dataset_uploads_path ON dataset_uploads (dataset_id, lower(path));
                """);
        }
    }
}
