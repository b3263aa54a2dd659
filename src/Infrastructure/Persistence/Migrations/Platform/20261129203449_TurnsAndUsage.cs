using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261129203449_TurnsAndUsage")]
    public class TurnsAndUsage : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "deployment_usage",
                columns: table => new
                {
                    deployment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    request_count = table.Column<long>(type: "bigint", nullable: false),
                    image_count = table.Column<long>(type: "bigint", nullable: false),
                    total_latency_ms = table.Column<double>(type: "double precision", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deployment_usage", x => x.deployment_id);
                    table.ForeignKey(
                        name: "fk_deployment_usage_deployments_deployment_id",
                        column: x => x.deployment_id,
                        principalTable: "deployments",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.Sql(
                """
                INSERT INTO deployment_usage (deployment_id, request_count, image_count, total_latency_ms)
                SELECT id, request_count, image_count, total_latency_ms FROM deployments WHERE request_count > 0
                """);

            // The old columns stay for instances of the version before, which run until a deploy is complete.
            migrationBuilder.Sql(
                """
                ALTER TABLE deployments
                    ALTER COLUMN request_count SET DEFAULT 0, ALTER COLUMN image_count SET DEFAULT 0, ALTER COLUMN total_latency_ms SET DEFAULT 0
                """);

            migrationBuilder.CreateTable(
                name: "trainer_turns",
                columns: table => new
                {
                    trainer = table.Column<string>(type: "text", nullable: false),
                    project_id = table.Column<Guid>(type: "uuid", nullable: false),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_trainer_turns", x => new { x.trainer, x.project_id });
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                UPDATE deployments d
                SET request_count = u.request_count, image_count = u.image_count, total_latency_ms = u.total_latency_ms
                FROM deployment_usage u WHERE u.deployment_id = d.id
                """);

            migrationBuilder.DropTable(
                name: "deployment_usage");

            migrationBuilder.DropTable(
                name: "trainer_turns");
        }
    }
}
