using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261121054701_UploadsOfAnAccount")]
    public class UploadsOfAnAccount : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_dataset_uploads_created_by",
                table: "dataset_uploads");

            migrationBuilder.CreateIndex(
                name: "ix_dataset_uploads_created_by_expires_at",
                table: "dataset_uploads",
                columns: new[] { "created_by", "expires_at" })
                .Annotation("Npgsql:IndexInclude", new[] { "size" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_dataset_uploads_created_by_expires_at",
                table: "dataset_uploads");

            migrationBuilder.CreateIndex(
                name: "ix_dataset_uploads_created_by",
                table: "dataset_uploads",
                column: "created_by");
        }
    }
}
