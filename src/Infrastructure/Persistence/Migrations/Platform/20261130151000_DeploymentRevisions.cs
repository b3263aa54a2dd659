using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130151000_DeploymentRevisions")]
    public class DeploymentRevisions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "revision",
                table: "deployments",
                type: "integer",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "previous_revision",
                table: "deployments",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "canary_revision",
                table: "deployments",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "canary_percent",
                table: "deployments",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "shadow_revision",
                table: "deployments",
                type: "integer",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "deployment_revisions",
                columns: table => new
                {
                    deployment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    export_id = table.Column<Guid>(type: "uuid", nullable: false),
                    trainer = table.Column<string>(type: "text", nullable: false),
                    created_by = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deployment_revisions", x => new { x.deployment_id, x.number });
                    table.ForeignKey(
                        name: "fk_deployment_revisions_deployments_deployment_id",
                        column: x => x.deployment_id,
                        principalTable: "deployments",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "fk_deployment_revisions_exports_export_id",
                        column: x => x.export_id,
                        principalTable: "exports",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_deployment_revisions_export_id",
                table: "deployment_revisions",
                column: "export_id");

            migrationBuilder.Sql(
                """
                INSERT INTO deployment_revisions (deployment_id, number, export_id, trainer, created_by, created_at)
                SELECT id, 1, export_id, trainer, created_by, created_at FROM deployments
                """);

            migrationBuilder.CreateTable(
                name: "deployment_hours",
                columns: table => new
                {
                    deployment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    revision = table.Column<int>(type: "integer", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    request_count = table.Column<long>(type: "bigint", nullable: false),
                    image_count = table.Column<long>(type: "bigint", nullable: false),
                    refused_images = table.Column<long>(type: "bigint", nullable: false),
                    failed_requests = table.Column<long>(type: "bigint", nullable: false),
                    latency = table.Column<long[]>(type: "bigint[]", nullable: false),
                    sizes = table.Column<long[]>(type: "bigint[]", nullable: false),
                    brightness = table.Column<long[]>(type: "bigint[]", nullable: false),
                    confidence = table.Column<long[]>(type: "bigint[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deployment_hours", x => new { x.deployment_id, x.hour, x.revision });
                    table.ForeignKey(
                        name: "fk_deployment_hours_deployments_deployment_id",
                        column: x => x.deployment_id,
                        principalTable: "deployments",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "shadow_comparisons",
                columns: table => new
                {
                    deployment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    revision = table.Column<int>(type: "integer", nullable: false),
                    shadow_revision = table.Column<int>(type: "integer", nullable: false),
                    request_count = table.Column<long>(type: "bigint", nullable: false),
                    image_count = table.Column<long>(type: "bigint", nullable: false),
                    different_images = table.Column<long>(type: "bigint", nullable: false),
                    failed_requests = table.Column<long>(type: "bigint", nullable: false),
                    skipped_requests = table.Column<long>(type: "bigint", nullable: false),
                    confidence_difference = table.Column<double>(type: "double precision", nullable: false),
                    first_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_shadow_comparisons", x => new { x.deployment_id, x.revision, x.shadow_revision });
                    table.ForeignKey(
                        name: "fk_shadow_comparisons_deployments_deployment_id",
                        column: x => x.deployment_id,
                        principalTable: "deployments",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "shadow_differences",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    deployment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    revision = table.Column<int>(type: "integer", nullable: false),
                    shadow_revision = table.Column<int>(type: "integer", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    image_sha256 = table.Column<string>(type: "text", nullable: false),
                    answer = table.Column<string>(type: "jsonb", nullable: false),
                    shadow_answer = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_shadow_differences", x => x.id);
                    table.ForeignKey(
                        name: "fk_shadow_differences_deployments_deployment_id",
                        column: x => x.deployment_id,
                        principalTable: "deployments",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_shadow_differences_deployment_id_revision_shadow_revision_id",
                table: "shadow_differences",
                columns: new[] { "deployment_id", "revision", "shadow_revision", "id" });

            migrationBuilder.CreateTable(
                name: "shadow_pairs",
                columns: table => new
                {
                    deployment_id = table.Column<Guid>(type: "uuid", nullable: false),
                    revision = table.Column<int>(type: "integer", nullable: false),
                    shadow_revision = table.Column<int>(type: "integer", nullable: false),
                    answer = table.Column<string>(type: "text", nullable: false),
                    shadow_answer = table.Column<string>(type: "text", nullable: false),
                    count = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_shadow_pairs", x => new { x.deployment_id, x.revision, x.shadow_revision, x.answer, x.shadow_answer });
                    table.ForeignKey(
                        name: "fk_shadow_pairs_deployments_deployment_id",
                        column: x => x.deployment_id,
                        principalTable: "deployments",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "shadow_comparisons");
            migrationBuilder.DropTable(name: "shadow_pairs");
            migrationBuilder.DropTable(name: "shadow_differences");
            migrationBuilder.DropTable(name: "deployment_hours");
            migrationBuilder.DropTable(name: "deployment_revisions");
            migrationBuilder.DropColumn(name: "revision", table: "deployments");
            migrationBuilder.DropColumn(name: "previous_revision", table: "deployments");
            migrationBuilder.DropColumn(name: "canary_revision", table: "deployments");
            migrationBuilder.DropColumn(name: "canary_percent", table: "deployments");
            migrationBuilder.DropColumn(name: "shadow_revision", table: "deployments");
        }
    }
}
