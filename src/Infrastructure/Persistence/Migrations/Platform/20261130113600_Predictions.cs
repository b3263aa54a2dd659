using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130113600_Predictions")]
    public class Predictions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "predictions",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    model_version_id = table.Column<Guid>(type: "uuid", nullable: true),
                    checkpoint_key = table.Column<string>(type: "text", nullable: false),
                    checkpoint_sha256 = table.Column<string>(type: "text", nullable: false),
                    checkpoint_epoch = table.Column<int>(type: "integer", nullable: false),
                    dataset_version_id = table.Column<Guid>(type: "uuid", nullable: false),
                    framework = table.Column<string>(type: "text", nullable: false),
                    model = table.Column<string>(type: "text", nullable: false),
                    task_type = table.Column<string>(type: "text", nullable: false),
                    config = table.Column<string>(type: "jsonb", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    cancel_requested = table.Column<bool>(type: "boolean", nullable: false),
                    key = table.Column<string>(type: "text", nullable: true),
                    size = table.Column<long>(type: "bigint", nullable: true),
                    sha256 = table.Column<string>(type: "text", nullable: true),
                    images = table.Column<int>(type: "integer", nullable: true),
                    error = table.Column<string>(type: "jsonb", nullable: true),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    completed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_predictions", x => x.id);
                    table.ForeignKey("fk_predictions_projects_project_id", x => x.project_id, "projects", "id", onDelete: ReferentialAction.Cascade);
                    table.ForeignKey("fk_predictions_dataset_versions_dataset_version_id", x => x.dataset_version_id, "dataset_versions", "id", onDelete: ReferentialAction.Cascade);
                    table.ForeignKey("fk_predictions_training_jobs_job_id", x => x.job_id, "training_jobs", "id", onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateIndex(name: "ix_predictions_project_id_id", table: "predictions", columns: ["project_id", "id"]);
            migrationBuilder.CreateIndex(name: "ix_predictions_dataset_version_id", table: "predictions", column: "dataset_version_id");
            migrationBuilder.CreateIndex(name: "ix_predictions_job_id_dataset_version_id_id", table: "predictions", columns: ["job_id", "dataset_version_id", "id"]);
            migrationBuilder.CreateIndex(name: "ix_predictions_active", table: "predictions", column: "created_at", filter: "state IN ('pending', 'running')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable(name: "predictions");
    }
}
