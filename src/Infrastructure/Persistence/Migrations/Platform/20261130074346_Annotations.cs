using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130074346_Annotations")]
    public class Annotations : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            foreach (var table in (string[])["datasets", "training_jobs", "models", "model_versions"])
                migrationBuilder.Sql($"UPDATE {table} SET task_type = 'keypoint_detection' WHERE task_type = 'pose_estimation'");

            migrationBuilder.AddColumn<string>(
                name: "classes",
                table: "datasets",
                type: "jsonb",
                nullable: false,
                defaultValueSql: "'[]'");

            migrationBuilder.AddColumn<string>(
                name: "keypoints",
                table: "datasets",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "annotation_classes",
                table: "dataset_versions",
                type: "jsonb",
                nullable: false,
                defaultValueSql: "'[]'");

            migrationBuilder.AddColumn<string>(
                name: "keypoints",
                table: "dataset_versions",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "object_counts",
                table: "dataset_versions",
                type: "jsonb",
                nullable: false,
                defaultValueSql: "'{}'");

            migrationBuilder.CreateTable(
                name: "annotation_imports",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    mode = table.Column<string>(type: "text", nullable: false),
                    add_classes = table.Column<bool>(type: "boolean", nullable: false),
                    folder = table.Column<string>(type: "text", nullable: false),
                    size = table.Column<long>(type: "bigint", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    format = table.Column<string>(type: "text", nullable: true),
                    images = table.Column<long>(type: "bigint", nullable: true),
                    annotations = table.Column<long>(type: "bigint", nullable: true),
                    read_bytes = table.Column<long>(type: "bigint", nullable: false),
                    images_done = table.Column<long>(type: "bigint", nullable: false),
                    taken = table.Column<long>(type: "bigint", nullable: false),
                    clipped = table.Column<long>(type: "bigint", nullable: false),
                    refused_images = table.Column<long>(type: "bigint", nullable: false),
                    refused_annotations = table.Column<long>(type: "bigint", nullable: false),
                    images_left = table.Column<long>(type: "bigint", nullable: false),
                    reasons = table.Column<string>(type: "jsonb", nullable: false),
                    entries = table.Column<string>(type: "jsonb", nullable: false),
                    added_classes = table.Column<string>(type: "jsonb", nullable: false),
                    error = table.Column<string>(type: "jsonb", nullable: true),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_annotation_imports", x => x.id);
                    table.ForeignKey(
                        name: "fk_annotation_imports_datasets_dataset_id",
                        column: x => x.dataset_id,
                        principalTable: "datasets",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "dataset_version_annotations",
                columns: table => new
                {
                    version_id = table.Column<Guid>(type: "uuid", nullable: false),
                    path = table.Column<string>(type: "text", nullable: false),
                    content = table.Column<string>(type: "text", nullable: false),
                    class_names = table.Column<string[]>(type: "text[]", nullable: false),
                    class_objects = table.Column<int[]>(type: "integer[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_dataset_version_annotations", x => new { x.version_id, x.path });
                    table.ForeignKey(
                        name: "fk_dataset_version_annotations_dataset_versions_version_id",
                        column: x => x.version_id,
                        principalTable: "dataset_versions",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "image_annotations",
                columns: table => new
                {
                    image_id = table.Column<Guid>(type: "uuid", nullable: false),
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    content = table.Column<string>(type: "text", nullable: false),
                    class_names = table.Column<string[]>(type: "text[]", nullable: false),
                    class_objects = table.Column<int[]>(type: "integer[]", nullable: false),
                    annotated_by = table.Column<Guid>(type: "uuid", nullable: false),
                    annotated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    xmin = table.Column<uint>(type: "xid", rowVersion: true, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_image_annotations", x => x.image_id);
                    table.ForeignKey(
                        name: "fk_image_annotations_dataset_images_image_id",
                        column: x => x.image_id,
                        principalTable: "dataset_images",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "annotation_import_images",
                columns: table => new
                {
                    import_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    file_id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    image_id = table.Column<Guid>(type: "uuid", nullable: true),
                    width = table.Column<int>(type: "integer", nullable: false),
                    height = table.Column<int>(type: "integer", nullable: false),
                    refused = table.Column<int>(type: "integer", nullable: false),
                    done = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_annotation_import_images", x => new { x.import_id, x.number });
                    table.ForeignKey(
                        name: "fk_annotation_import_images_annotation_imports_import_id",
                        column: x => x.import_id,
                        principalTable: "annotation_imports",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "annotation_import_objects",
                columns: table => new
                {
                    import_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    image_number = table.Column<int>(type: "integer", nullable: false),
                    content = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_annotation_import_objects", x => new { x.import_id, x.image_number, x.number });
                    table.ForeignKey(
                        name: "fk_annotation_import_objects_annotation_imports_import_id",
                        column: x => x.import_id,
                        principalTable: "annotation_imports",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_annotation_import_images_import_id_file_id",
                table: "annotation_import_images",
                columns: new[] { "import_id", "file_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_annotation_import_images_import_id_image_id",
                table: "annotation_import_images",
                columns: new[] { "import_id", "image_id" });

            migrationBuilder.CreateIndex(
                name: "ix_annotation_imports_active",
                table: "annotation_imports",
                column: "created_at",
                filter: "state IN ('announced', 'importing')");

            migrationBuilder.CreateIndex(
                name: "ix_annotation_imports_announced",
                table: "annotation_imports",
                columns: new[] { "created_by", "expires_at" },
                filter: "state = 'announced'")
                .Annotation("Npgsql:IndexInclude", new[] { "size" });

            migrationBuilder.CreateIndex(
                name: "ix_annotation_imports_dataset_id_id",
                table: "annotation_imports",
                columns: new[] { "dataset_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_annotation_imports_ended_at",
                table: "annotation_imports",
                column: "ended_at");

            migrationBuilder.CreateIndex(
                name: "ix_image_annotations_dataset_id",
                table: "image_annotations",
                column: "dataset_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var table in (string[])["datasets", "training_jobs", "models", "model_versions"])
                migrationBuilder.Sql($"UPDATE {table} SET task_type = 'pose_estimation' WHERE task_type = 'keypoint_detection'");

            migrationBuilder.DropTable(
                name: "annotation_import_images");

            migrationBuilder.DropTable(
                name: "annotation_import_objects");

            migrationBuilder.DropTable(
                name: "dataset_version_annotations");

            migrationBuilder.DropTable(
                name: "image_annotations");

            migrationBuilder.DropTable(
                name: "annotation_imports");

            migrationBuilder.DropColumn(
                name: "classes",
                table: "datasets");

            migrationBuilder.DropColumn(
                name: "keypoints",
                table: "datasets");

            migrationBuilder.DropColumn(
                name: "annotation_classes",
                table: "dataset_versions");

            migrationBuilder.DropColumn(
                name: "keypoints",
                table: "dataset_versions");

            migrationBuilder.DropColumn(
                name: "object_counts",
                table: "dataset_versions");
        }
    }
}
