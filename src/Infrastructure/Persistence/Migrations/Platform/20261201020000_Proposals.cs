using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261201020000_Proposals")]
    public class Proposals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(name: "unlabeled", table: "dataset_versions", type: "boolean", nullable: false, defaultValue: false);
            migrationBuilder.CreateTable(
                name: "image_proposals",
                columns: table => new
                {
                    image_id = table.Column<Guid>(type: "uuid", nullable: false),
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    prediction_id = table.Column<Guid>(type: "uuid", nullable: false),
                    @class = table.Column<string>(name: "class", type: "text", nullable: true),
                    class_names = table.Column<string[]>(type: "text[]", nullable: false),
                    score = table.Column<double>(type: "double precision", nullable: true),
                    content = table.Column<string>(type: "text", nullable: false),
                    proposed_by = table.Column<Guid>(type: "uuid", nullable: false),
                    proposed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_image_proposals", x => x.image_id);
                    table.ForeignKey("fk_image_proposals_dataset_images_image_id", x => x.image_id, "dataset_images", "id", onDelete: ReferentialAction.Cascade);
                    table.ForeignKey("fk_image_proposals_predictions_prediction_id", x => x.prediction_id, "predictions", "id", onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateTable(
                name: "proposal_runs",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    dataset_id = table.Column<Guid>(type: "uuid", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    prediction_id = table.Column<Guid>(type: "uuid", nullable: true),
                    @class = table.Column<string>(name: "class", type: "text", nullable: true),
                    least_score = table.Column<double>(type: "double precision", nullable: true),
                    state = table.Column<string>(type: "text", nullable: false),
                    after = table.Column<string>(type: "text", nullable: true),
                    done = table.Column<int>(type: "integer", nullable: false),
                    labeled = table.Column<int>(type: "integer", nullable: false),
                    gone = table.Column<int>(type: "integer", nullable: false),
                    nothing_found = table.Column<int>(type: "integer", nullable: false),
                    refused = table.Column<int>(type: "integer", nullable: false),
                    error = table.Column<string>(type: "jsonb", nullable: true),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_proposal_runs", x => x.id);
                    table.ForeignKey("fk_proposal_runs_datasets_dataset_id", x => x.dataset_id, "datasets", "id", onDelete: ReferentialAction.Cascade);
                    table.ForeignKey("fk_proposal_runs_predictions_prediction_id", x => x.prediction_id, "predictions", "id");
                });
            migrationBuilder.CreateIndex(name: "ix_image_proposals_dataset_id_image_id", table: "image_proposals", columns: ["dataset_id", "image_id"]);
            migrationBuilder.CreateIndex(name: "ix_image_proposals_prediction_id", table: "image_proposals", column: "prediction_id");
            migrationBuilder.CreateIndex(name: "ix_proposal_runs_dataset_id_id", table: "proposal_runs", columns: ["dataset_id", "id"]);
            migrationBuilder.CreateIndex(name: "ix_proposal_runs_prediction_id", table: "proposal_runs", column: "prediction_id");
            migrationBuilder.CreateIndex(name: "ix_proposal_runs_active", table: "proposal_runs", column: "created_at", filter: "state = 'running'");
            migrationBuilder.CreateIndex(name: "ix_proposal_runs_ended_at", table: "proposal_runs", column: "ended_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "proposal_runs");
            migrationBuilder.DropTable(name: "image_proposals");
            migrationBuilder.DropColumn(name: "unlabeled", table: "dataset_versions");
        }
    }
}
