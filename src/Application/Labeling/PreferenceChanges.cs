using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Labeling;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Labeling;

/// <summary>Changes how a person works in the labeling application.</summary>
public sealed class PreferenceChanges(LabelingDatabase database, TimeProvider time)
{
    /// <summary>Replaces the preferences of a person. Only that person writes them, so the last write wins.</summary>
    public async Task<LabelingPreferences> ReplaceAsync(Guid userId, Guid? datasetId, Dictionary<string, string> shortcuts, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO preferences (user_id, dataset_id, shortcuts, updated_at)
            VALUES ({userId}, {datasetId}, {JsonSerializer.Serialize(shortcuts)}::jsonb, {now})
            ON CONFLICT (user_id) DO UPDATE SET dataset_id = excluded.dataset_id, shortcuts = excluded.shortcuts, updated_at = excluded.updated_at
            """, cancellation);
        return new LabelingPreferences { UserId = userId, DatasetId = datasetId, Shortcuts = shortcuts, UpdatedAt = now };
    }
}
