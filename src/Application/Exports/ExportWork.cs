using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Exports;

/// <summary>The work that orchestrations do for exports.</summary>
public static class ExportWork
{
    /// <summary>Has a trainer convert a model version.</summary>
    public static RecoverableWork Export { get; } = RecoverableWork.Of<PlatformDatabase>("ExportModel", "export", (database, before) => database.Exports
        .Where(export => (export.State == ExportState.Pending || export.State == ExportState.Running) && export.CreatedAt < before)
        .OrderBy(export => export.CreatedAt).Select(export => export.Id));
}
