using System;
using System.Collections.Generic;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130113200_JobRecords")]
    public class JobRecords : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(name: "records_stored_at", table: "training_jobs", type: "timestamp with time zone", nullable: true);
            migrationBuilder.AddColumn<DateTimeOffset>(name: "records_removed_at", table: "training_jobs", type: "timestamp with time zone", nullable: true);
            migrationBuilder.CreateIndex(name: "ix_training_jobs_with_records", table: "training_jobs", column: "completed_at", filter: "records_removed_at IS NULL");
            migrationBuilder.CreateTable(
                name: "job_record_parts",
                columns: table => new
                {
                    job_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    first_id = table.Column<long>(type: "bigint", nullable: false),
                    last_id = table.Column<long>(type: "bigint", nullable: false),
                    count = table.Column<int>(type: "integer", nullable: false),
                    levels = table.Column<List<string>>(type: "text[]", nullable: false),
                    key = table.Column<string>(type: "text", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_job_record_parts", x => new { x.job_id, x.kind, x.number });
                    table.ForeignKey("fk_job_record_parts_training_jobs_job_id", x => x.job_id, "training_jobs", "id", onDelete: ReferentialAction.Cascade);
                });
            // Not in the model: Entity Framework has no indexes on expressions. Text search within a job of many lines uses the second one.
            migrationBuilder.Sql("CREATE INDEX ix_job_events_log_level ON job_events (job_id, (data->>'level'), id) WHERE type = 'log'");
            migrationBuilder.Sql("CREATE EXTENSION IF NOT EXISTS pg_trgm");
            migrationBuilder.Sql("CREATE INDEX ix_job_events_log_text ON job_events USING gin ((data->>'message') gin_trgm_ops) WHERE type = 'log'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP INDEX ix_job_events_log_text");
            migrationBuilder.Sql("DROP INDEX ix_job_events_log_level");
            migrationBuilder.DropTable(name: "job_record_parts");
            migrationBuilder.DropIndex(name: "ix_training_jobs_with_records", table: "training_jobs");
            migrationBuilder.DropColumn(name: "records_removed_at", table: "training_jobs");
            migrationBuilder.DropColumn(name: "records_stored_at", table: "training_jobs");
        }
    }
}
