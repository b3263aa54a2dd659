using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Projects;

/// <summary>What a person writes about a project.</summary>
public sealed record ProjectText(string Name, string? Description);

/// <summary>Creates, changes and deletes projects.</summary>
public sealed class ProjectLifecycle(PlatformDatabase database, UserDatabase users, Quotas quotas, EndedTargets ended, TimeProvider time)
{
    private const string Insert = "INSERT INTO projects (id, name, description, owner_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) RETURNING xmin";

    /// <summary>Creates a project that a person owns.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>, <see cref="ErrorCodes.DuplicateName"/>, <see cref="ErrorCodes.Unauthenticated"/> if the account has just been deleted, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<Project>> CreateAsync(Guid ownerId, SystemRole ownerRole, ProjectText text, IdempotentCreate<Project> once, CancellationToken cancellation)
    {
        await using var owner = await users.HoldAccountAsync(ownerId, cancellation) ?? throw new ProblemException(ErrorCodes.Unauthenticated);
        await using var create = await once.BeginAsync(database, cancellation, isOneStatement: AccountQuota.For(ownerRole).Projects is null);
        if (create.Earlier is { } earlier)
            return earlier;
        await quotas.RequireRoomForProjectAsync(ownerId, ownerRole, cancellation);
        var project = await InsertAsync(ownerId, text, cancellation);
        return await create.CommitAsync(project, cancellation);
    }

    /// <summary>Replaces name and description.</summary>
    /// <param name="project">As it was read. A change since then by somebody else is an update conflict.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.DuplicateName"/>.</exception>
    /// <exception cref="DbUpdateConcurrencyException">The project has changed since it was read.</exception>
    public async Task UpdateAsync(Project project, ProjectText text, CancellationToken cancellation)
    {
        database.Attach(project);
        project.Name = text.Name.AsName();
        project.Description = text.Description;
        project.UpdatedAt = time.GetUtcNow();
        await SaveAsync(project.Name, cancellation);
    }

    /// <summary>
    /// Deletes a project without running jobs and active deployments, and ends what is left in it: pending jobs, exports, uploads, datasets,
    /// memberships, invitations. Its rows stay, so that models remain traceable, but nobody can access them.
    /// </summary>
    /// <param name="requireMatch">Throws if the caller meant another version. It sees the project under its lock.</param>
    /// <returns>Exports that were under way: wake their runs, which then stop.</returns>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/>, <see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<IReadOnlyList<Guid>> DeleteAsync(Guid id, Action<Project> requireMatch, CancellationToken cancellation)
    {
        List<Guid> exports;
        Guid[] datasets;
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            var project = await database.LockProjectAsync(id, cancellation) ?? throw ProblemException.NoSuch("project");
            requireMatch(project);
            if (await HasRunningWorkAsync(id, cancellation))
                throw new ProblemException(ErrorCodes.InvalidState, "The project has running jobs or active deployments. Cancel or deactivate them first.");
            var now = time.GetUtcNow();
            await CancelPendingJobsAsync(id, now, cancellation);
            exports = await CancelExportsAsync(id, now, cancellation);
            datasets = await EndDatasetsAsync(id, now, cancellation);
            project.DeletedAt = project.UpdatedAt = now;
            await database.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }
        await ended.EndAsync([id, .. datasets], cancellation);
        return exports;
    }

    private async Task<bool> HasRunningWorkAsync(Guid id, CancellationToken cancellation) =>
        await database.Predictions.AnyAsync(row => row.ProjectId == id && row.CompletedAt == null, cancellation)
        || await database.Sweeps.AnyAsync(sweep => sweep.ProjectId == id && sweep.State == SweepState.Running, cancellation)
        || await database.TrainingJobs.AnyAsync(job => job.ProjectId == id && (job.State == JobState.Queued || job.State == JobState.Starting || job.State == JobState.Running || job.State == JobState.Finalizing), cancellation)
        || await database.Deployments.AnyAsync(
            deployment => deployment.ProjectId == id && deployment.State != DeploymentState.Deactivated && deployment.State != DeploymentState.Failed, cancellation);

    private async Task CancelPendingJobsAsync(Guid id, DateTimeOffset now, CancellationToken cancellation)
    {
        foreach (var job in await database.TrainingJobs.FromSql($"SELECT * FROM training_jobs WHERE project_id = {id} AND state = 'pending' ORDER BY id FOR UPDATE").ToListAsync(cancellation))
        {
            job.MoveTo(JobState.Cancelled, now);
            database.AppendState(job, now);
            await database.NotifyJobReadersAsync(job.Id, cancellation);
        }
    }

    private Task<List<Guid>> CancelExportsAsync(Guid id, DateTimeOffset now, CancellationToken cancellation) =>
        database.Database.SqlQuery<Guid>(
            $"UPDATE exports SET state = 'cancelled', completed_at = {now} WHERE project_id = {id} AND state IN ('pending', 'running') RETURNING id AS \"Value\"").ToListAsync(cancellation);

    // Uploads and versions that are under way end with their dataset.
    private async Task<Guid[]> EndDatasetsAsync(Guid id, DateTimeOffset now, CancellationToken cancellation)
    {
        var datasets = await database.Database.SqlQuery<Guid>(
            $"UPDATE datasets SET deleted_at = {now}, updated_at = {now} WHERE project_id = {id} AND deleted_at IS NULL RETURNING id AS \"Value\"").ToListAsync(cancellation);
        foreach (var dataset in datasets)
            await database.EndContentsAsync(dataset, now, cancellation);
        return [.. datasets];
    }

    // Hand-written: creating a project is measured, and change tracking took a quarter of its processor time.
    private async Task<Project> InsertAsync(Guid ownerId, ProjectText text, CancellationToken cancellation)
    {
        var (id, name, now) = (Guid.CreateVersion7(), text.Name.AsName(), time.GetUtcNow());
        await database.Database.OpenConnectionAsync(cancellation);
        try
        {
            await using var insert = new NpgsqlCommand(Insert, (NpgsqlConnection)database.Database.GetDbConnection());
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text.Description });
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = ownerId });
            insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
            var version = (uint)(await insert.ExecuteScalarAsync(cancellation))!;
            return new Project { Id = id, Name = name, Description = text.Description, OwnerId = ownerId, CreatedAt = now, UpdatedAt = now, Version = version };
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw NameTaken(name);
        }
        finally
        {
            await database.Database.CloseConnectionAsync();
        }
    }

    private async Task SaveAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw NameTaken(name);
        }
    }

    private static ProblemException NameTaken(string name) => new(ErrorCodes.DuplicateName, $"The owner already has a project named '{name}'.", "name");
}
