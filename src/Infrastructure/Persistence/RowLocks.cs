using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>
/// Loads a row and locks it until the transaction ends. To avoid deadlocks, lock an attempt before its job or export, and an organization before a
/// person; <see cref="LiveParents"/> has the order of parents.
/// </summary>
public static class RowLocks
{
    public static Task<User?> LockUserAsync(this UserDatabase database, Guid id, CancellationToken cancellation) =>
        database.Users.FromSql($"SELECT *, xmin FROM users WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);

    public static Task<DataOperation?> LockOperationAsync(this UserDatabase database, Guid id, CancellationToken cancellation) =>
        database.Operations.FromSql($"SELECT * FROM operations WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);

    /// <summary>Null if it is deleted.</summary>
    public static Task<Project?> LockProjectAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.Projects.FromSql($"SELECT *, xmin FROM projects WHERE id = {id} AND deleted_at IS NULL FOR UPDATE").SingleOrDefaultAsync(cancellation);

    /// <summary>Null if it is deleted.</summary>
    public static Task<Dataset?> LockDatasetAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.Datasets.FromSql($"SELECT *, xmin FROM datasets WHERE id = {id} AND deleted_at IS NULL FOR UPDATE").SingleOrDefaultAsync(cancellation);

    public static Task<Attempt?> LockAttemptAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.Attempts.FromSql($"SELECT * FROM attempts WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);

    public static Task<TrainingJob?> LockJobAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.TrainingJobs.FromSql($"SELECT * FROM training_jobs WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);

    public static Task<BatchPrediction?> LockPredictionAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.Predictions.FromSql($"SELECT * FROM predictions WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);

    public static Task<Sweep?> LockSweepAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.Sweeps.FromSql($"SELECT * FROM sweeps WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);

    public static Task<Export?> LockExportAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.Exports.FromSql($"SELECT * FROM exports WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);

    public static Task<Deployment?> LockDeploymentAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        database.Deployments.FromSql($"SELECT *, xmin FROM deployments WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellation);
}
