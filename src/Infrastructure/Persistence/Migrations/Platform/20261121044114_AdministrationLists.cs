using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261121044114_AdministrationLists")]
    public class AdministrationLists : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_projects_name_id",
                table: "projects",
                columns: new[] { "name", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_projects_updated_at_id",
                table: "projects",
                columns: new[] { "updated_at", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_projects_name_id",
                table: "projects");

            migrationBuilder.DropIndex(
                name: "ix_projects_updated_at_id",
                table: "projects");
        }
    }
}
