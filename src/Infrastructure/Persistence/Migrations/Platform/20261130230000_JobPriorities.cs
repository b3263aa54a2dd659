using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130230000_JobPriorities")]
    public class JobPriorities : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            foreach (var table in new[] { "training_jobs", "sweeps" })
                migrationBuilder.AddColumn<string>(name: "priority", table: table, type: "text", nullable: false, defaultValueSql: "'normal'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var table in new[] { "training_jobs", "sweeps" })
                migrationBuilder.DropColumn(name: "priority", table: table);
        }
    }
}
