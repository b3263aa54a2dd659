using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>What a person decides about a dataset when creating it.</summary>
/// <param name="Split">How its versions are divided unless a training job says otherwise.</param>
public sealed record DatasetDraft(Guid ProjectId, string Name, string? Description, TaskType TaskType, SplitSettings Split);

/// <summary>Creates and deletes datasets.</summary>
public sealed class DatasetLifecycle(PlatformDatabase database, Quotas quotas, TimeProvider time)
{
    /// <summary>Creates an empty dataset in a project that the creator may write to.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>, <see cref="ErrorCodes.DuplicateName"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<Dataset>> CreateAsync(Guid creatorId, SystemRole creatorRole, DatasetDraft draft, IdempotentCreate<Dataset> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation, isOneStatement: AccountQuota.For(creatorRole).Datasets is null);
        if (create.Earlier is { } earlier)
            return earlier;
        await quotas.RequireRoomForDatasetAsync(creatorId, creatorRole, cancellation);
        var now = time.GetUtcNow();
        var dataset = new Dataset
        {
            ProjectId = draft.ProjectId, Name = draft.Name.AsName(), Description = draft.Description, TaskType = draft.TaskType, Split = draft.Split,
            CreatedBy = creatorId, CreatedAt = now, UpdatedAt = now,
        };
        database.Datasets.Add(dataset);
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException taken) when (taken.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.DuplicateName, $"The project has a dataset called '{dataset.Name}' already.", "name");
        }
        return await create.CommitAsync(dataset, cancellation);
    }

    /// <summary>Deletes a dataset; deleting it again changes nothing. Schedule <see cref="DatasetWork.Empty"/> after it, which removes its images.</summary>
    public Task DeleteAsync(Guid id, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return database.Datasets.Where(dataset => dataset.Id == id && dataset.DeletedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.DeletedAt, now).SetProperty(dataset => dataset.UpdatedAt, now), cancellation);
    }
}
