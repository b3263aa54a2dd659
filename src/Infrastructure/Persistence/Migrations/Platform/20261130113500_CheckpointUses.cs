using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace VisionPlatform.Infrastructure.Persistence.Migrations.Platform
{
    /// <inheritdoc />
    [DbContext(typeof(PlatformDatabase))]
    [Migration("20261130113500_CheckpointUses")]
    public class CheckpointUses : Migration
    {
        /// <inheritdoc />
        // Not in the model: Entity Framework has no indexes on expressions. A job that goes on from a checkpoint keeps it from being removed.
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("CREATE INDEX ix_training_jobs_start_from ON training_jobs ((start_from->>'jobId')) WHERE start_from IS NOT NULL");
            migrationBuilder.Sql("CREATE INDEX ix_checkpoints_key ON checkpoints (key)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP INDEX ix_checkpoints_key");
            migrationBuilder.Sql("DROP INDEX ix_training_jobs_start_from");
        }
    }
}
