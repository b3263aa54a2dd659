using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Users
{
    /// <inheritdoc />
    [DbContext(typeof(UserDatabase))]
    [Migration("20261121092919_MailKeys")]
    public class MailKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "sealed_with",
                table: "queued_mails",
                type: "character varying(16)",
                maxLength: 16,
                nullable: false,
                defaultValue: "");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "sealed_with",
                table: "queued_mails");
        }
    }
}
