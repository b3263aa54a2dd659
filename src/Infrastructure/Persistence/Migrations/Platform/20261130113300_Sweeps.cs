using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130113300_Sweeps")]
    public class Sweeps : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(name: "sweep_id", table: "training_jobs", type: "uuid", nullable: true);
            migrationBuilder.CreateIndex(name: "ix_training_jobs_of_sweeps", table: "training_jobs", column: "sweep_id", filter: "sweep_id IS NOT NULL");
            migrationBuilder.CreateTable(
                name: "sweeps",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    dataset_version_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    framework = table.Column<string>(type: "text", nullable: false),
                    model = table.Column<string>(type: "text", nullable: false),
                    task_type = table.Column<string>(type: "text", nullable: false),
                    config = table.Column<string>(type: "jsonb", nullable: false),
                    split = table.Column<string>(type: "jsonb", nullable: true),
                    method = table.Column<string>(type: "text", nullable: false),
                    space = table.Column<string>(type: "jsonb", nullable: false),
                    configurations = table.Column<int>(type: "integer", nullable: false),
                    parallel = table.Column<int>(type: "integer", nullable: true),
                    seed = table.Column<int>(type: "integer", nullable: false),
                    min_epochs = table.Column<int>(type: "integer", nullable: true),
                    max_epochs = table.Column<int>(type: "integer", nullable: true),
                    factor = table.Column<int>(type: "integer", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    cancel_requested = table.Column<bool>(type: "boolean", nullable: false),
                    best_job_id = table.Column<Guid>(type: "uuid", nullable: true),
                    error = table.Column<string>(type: "jsonb", nullable: true),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    completed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sweeps", x => x.id);
                    table.ForeignKey("fk_sweeps_projects_project_id", x => x.project_id, "projects", "id", onDelete: ReferentialAction.Cascade);
                    table.ForeignKey("fk_sweeps_dataset_versions_dataset_version_id", x => x.dataset_version_id, "dataset_versions", "id", onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateIndex(name: "ix_sweeps_project_id_id", table: "sweeps", columns: ["project_id", "id"]);
            migrationBuilder.CreateIndex(name: "ix_sweeps_dataset_version_id", table: "sweeps", column: "dataset_version_id");
            migrationBuilder.CreateIndex(name: "ix_sweeps_running", table: "sweeps", column: "created_at", filter: "state = 'running'");
            migrationBuilder.CreateTable(
                name: "sweep_runs",
                columns: table => new
                {
                    sweep_id = table.Column<Guid>(type: "uuid", nullable: false),
                    round = table.Column<int>(type: "integer", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    config = table.Column<string>(type: "jsonb", nullable: false),
                    job_id = table.Column<Guid>(type: "uuid", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sweep_runs", x => new { x.sweep_id, x.round, x.number });
                    table.ForeignKey("fk_sweep_runs_sweeps_sweep_id", x => x.sweep_id, "sweeps", "id", onDelete: ReferentialAction.Cascade);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "sweep_runs");
            migrationBuilder.DropTable(name: "sweeps");
            migrationBuilder.DropIndex(name: "ix_training_jobs_of_sweeps", table: "training_jobs");
            migrationBuilder.DropColumn(name: "sweep_id", table: "training_jobs");
        }
    }
}
