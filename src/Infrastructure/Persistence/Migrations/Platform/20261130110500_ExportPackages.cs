using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130110500_ExportPackages")]
    public class ExportPackages : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(name: "certificate", table: "exports", type: "jsonb", nullable: true);
            migrationBuilder.AddColumn<string>(name: "package_key", table: "exports", type: "text", nullable: true);
            migrationBuilder.AddColumn<string>(name: "package_sha256", table: "exports", type: "text", nullable: true);
            migrationBuilder.AddColumn<long>(name: "package_size", table: "exports", type: "bigint", nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var column in (string[])["certificate", "package_key", "package_sha256", "package_size"])
                migrationBuilder.DropColumn(name: column, table: "exports");
        }
    }
}
