using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130120100_MeasuredPredictions")]
    public class MeasuredPredictions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(name: "measured", table: "predictions", type: "jsonb", nullable: true);
            migrationBuilder.AddColumn<string>(name: "precision_curves", table: "validation_results", type: "jsonb", nullable: false, defaultValueSql: "'[]'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "measured", table: "predictions");
            migrationBuilder.DropColumn(name: "precision_curves", table: "validation_results");
        }
    }
}
