using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130183000_PredictionImages")]
    public class PredictionImages : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(name: "outcomes", table: "predictions", type: "jsonb", nullable: true);
            migrationBuilder.CreateTable(
                name: "prediction_images",
                columns: table => new
                {
                    prediction_id = table.Column<Guid>(type: "uuid", nullable: false),
                    path = table.Column<string>(type: "text", nullable: false),
                    outcome = table.Column<string>(type: "text", nullable: false),
                    true_class = table.Column<string>(type: "text", nullable: true),
                    @class = table.Column<string>(name: "class", type: "text", nullable: true),
                    confidence = table.Column<double>(type: "double precision", nullable: true),
                    true_objects = table.Column<int>(type: "integer", nullable: true),
                    found_objects = table.Column<int>(type: "integer", nullable: true),
                    missed = table.Column<int>(type: "integer", nullable: true),
                    spurious = table.Column<int>(type: "integer", nullable: true),
                    answer = table.Column<string>(type: "text", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_prediction_images", x => new { x.prediction_id, x.path });
                    table.ForeignKey("fk_prediction_images_predictions_prediction_id", x => x.prediction_id, "predictions", "id", onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateTable(
                name: "prediction_image_classes",
                columns: table => new
                {
                    prediction_id = table.Column<Guid>(type: "uuid", nullable: false),
                    @class = table.Column<string>(name: "class", type: "text", nullable: false),
                    path = table.Column<string>(type: "text", nullable: false),
                    outcome = table.Column<string>(type: "text", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_prediction_image_classes", x => new { x.prediction_id, x.@class, x.path });
                    table.ForeignKey("fk_prediction_image_classes_predictions_prediction_id", x => x.prediction_id, "predictions", "id", onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateIndex(name: "ix_prediction_images_prediction_id_outcome_path", table: "prediction_images", columns: ["prediction_id", "outcome", "path"]);
            migrationBuilder.CreateIndex(name: "ix_prediction_image_classes_prediction_id_class_outcome_path", table: "prediction_image_classes", columns: ["prediction_id", "class", "outcome", "path"]);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "prediction_image_classes");
            migrationBuilder.DropTable(name: "prediction_images");
            migrationBuilder.DropColumn(name: "outcomes", table: "predictions");
        }
    }
}
