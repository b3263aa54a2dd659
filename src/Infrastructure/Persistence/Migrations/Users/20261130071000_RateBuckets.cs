using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Users
{
    /// <summary>Rate limits that all instances share. Only <see cref="Limits.SharedBuckets"/> uses the table, with SQL of its own.</summary>
    [DbContext(typeof(UserDatabase))]
    [Migration("20261130071000_RateBuckets")]
    public class RateBuckets : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            CREATE UNLOGGED TABLE rate_buckets (
                key bytea NOT NULL CONSTRAINT pk_rate_buckets PRIMARY KEY,
                granted integer NOT NULL,
                full_at timestamp with time zone NOT NULL
            ) WITH (fillfactor = 50)
            """);

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable(name: "rate_buckets");
    }
}
