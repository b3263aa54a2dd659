using System.Collections.Generic;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130113400_MarkedJobs")]
    public class MarkedJobs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(name: "starred", table: "training_jobs", type: "boolean", nullable: false, defaultValue: false);
            migrationBuilder.AddColumn<string>(name: "notes", table: "training_jobs", type: "text", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<List<string>>(name: "tags", table: "training_jobs", type: "text[]", nullable: false, defaultValueSql: "'{}'");
            migrationBuilder.AddColumn<double>(name: "score", table: "training_jobs", type: "double precision", nullable: false, defaultValue: -1.0);
            migrationBuilder.Sql(
                """
                UPDATE training_jobs SET score = coalesce((best_metrics->>(CASE task_type
                    WHEN 'image_classification' THEN 'accuracy' WHEN 'instance_segmentation' THEN 'mAP_mask50-95' WHEN 'semantic_segmentation' THEN 'mIoU'
                    WHEN 'keypoint_detection' THEN 'mAP_keypoints50-95' ELSE 'mAP50-95' END))::double precision, -1)
                """);
            migrationBuilder.CreateIndex(name: "ix_training_jobs_project_id_score_id", table: "training_jobs", columns: ["project_id", "score", "id"]);
            migrationBuilder.CreateIndex(name: "ix_training_jobs_project_id_task_type_id", table: "training_jobs", columns: ["project_id", "task_type", "id"]);
            migrationBuilder.CreateIndex(name: "ix_training_jobs_project_id_model_id", table: "training_jobs", columns: ["project_id", "model", "id"]);
            migrationBuilder.CreateIndex(name: "ix_training_jobs_starred", table: "training_jobs", columns: ["project_id", "id"], filter: "starred");
            migrationBuilder.CreateIndex(name: "ix_training_jobs_tags", table: "training_jobs", column: "tags").Annotation("Npgsql:IndexMethod", "gin");
            // Not in the model: Entity Framework has no indexes on expressions.
            migrationBuilder.Sql("CREATE INDEX ix_training_jobs_text ON training_jobs USING gin ((name || ' ' || notes) gin_trgm_ops)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP INDEX ix_training_jobs_text");
            foreach (var name in new[] { "ix_training_jobs_tags", "ix_training_jobs_starred", "ix_training_jobs_project_id_model_id", "ix_training_jobs_project_id_task_type_id", "ix_training_jobs_project_id_score_id" })
                migrationBuilder.DropIndex(name: name, table: "training_jobs");
            foreach (var column in new[] { "score", "tags", "notes", "starred" })
                migrationBuilder.DropColumn(name: column, table: "training_jobs");
        }
    }
}
