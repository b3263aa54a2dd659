using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using VisionPlatform.Domain.Import;
using VisionPlatform.Domain.Labeling;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>LABELER_DATABASE_URL: data of the labeling module. It has no foreign keys to users and datasets, which are in other databases.</summary>
public sealed class LabelingDatabase(DbContextOptions<LabelingDatabase> options) : DbContext(options)
{
    public static ModuleDatabase<LabelingDatabase> Declaration { get; } = new(
        "labeler", "LABELER_DATABASE_URL", "PostgreSQL of the labeling module", options => new LabelingDatabase(options))
    {
        Aliases = ["LABELER_DB_URL"],
        ServerOf = "DATABASE_URL",
    };

    public DbSet<LabelingPreferences> Preferences => Set<LabelingPreferences>();
    public DbSet<ImportedAnnotation> ImportedAnnotations => Set<ImportedAnnotation>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder.UseSnakeCase();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<LabelingPreferences>(preferences =>
        {
            preferences.HasKey(p => p.UserId);
            preferences.Property(p => p.Shortcuts).HasJson();
        });
        modelBuilder.MapImportedAnnotations();
        modelBuilder.UseTextEnumsAndRowVersions();
    }
}

/// <inheritdoc cref="DesignTimeUserDatabase"/>
internal sealed class DesignTimeLabelingDatabase : IDesignTimeDbContextFactory<LabelingDatabase>
{
    public LabelingDatabase CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<LabelingDatabase>().UseNpgsql("Host=design").Options);
}
