using System;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130113100_ClonesAndCurves")]
    public class ClonesAndCurves : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(name: "cloned_from", table: "training_jobs", type: "uuid", nullable: true);
            migrationBuilder.AddColumn<string>(name: "start_from", table: "training_jobs", type: "jsonb", nullable: true);
            migrationBuilder.AddColumn<string>(name: "not_finite", table: "epoch_metrics", type: "jsonb", nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "cloned_from", table: "training_jobs");
            migrationBuilder.DropColumn(name: "start_from", table: "training_jobs");
            migrationBuilder.DropColumn(name: "not_finite", table: "epoch_metrics");
        }
    }
}
