using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Import;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>Keys and limits of the tables that an import writes. Each database records the rows that it got.</summary>
internal static class ImportMappings
{
    public static void MapImportedRows(this ModelBuilder model) => model.Entity<ImportedRow>(row =>
    {
        row.HasKey(r => new { r.System, r.Kind, r.OldId });
        row.Property(r => r.System).HasMaxLength(ImportedRow.MaximumSystem);
        row.Property(r => r.Kind).HasMaxLength(ImportedRow.MaximumKind);
        row.Property(r => r.OldId).HasMaxLength(ImportedRow.MaximumOldId);
    });

    public static void MapImportIssues(this ModelBuilder model) => model.Entity<ImportIssue>(issue =>
    {
        issue.HasKey(i => new { i.System, i.Kind, i.OldId });
        issue.Property(i => i.System).HasMaxLength(ImportedRow.MaximumSystem);
        issue.Property(i => i.Kind).HasMaxLength(ImportedRow.MaximumKind);
        issue.Property(i => i.OldId).HasMaxLength(ImportedRow.MaximumOldId);
        issue.Property(i => i.Reason).HasMaxLength(ImportIssue.MaximumReason);
    });

    public static void MapImportedAnnotations(this ModelBuilder model) => model.Entity<ImportedAnnotation>(annotation =>
    {
        annotation.Property(a => a.System).HasMaxLength(ImportedRow.MaximumSystem);
        annotation.Property(a => a.OldId).HasMaxLength(ImportedRow.MaximumOldId);
        annotation.Property(a => a.Path).HasMaxLength(ImportedRow.MaximumOldId);
        annotation.Property(a => a.Type).HasMaxLength(64);
        annotation.Property(a => a.Data).HasColumnType("jsonb");
        annotation.HasIndex(a => new { a.System, a.OldId }).IsUnique();
        annotation.HasIndex(a => new { a.DatasetId, a.Path, a.Id });
    });
}
