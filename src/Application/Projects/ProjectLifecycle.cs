using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Projects;

/// <summary>What a person writes about a project.</summary>
public sealed record ProjectText(string Name, string? Description);

/// <summary>Creates, changes and deletes projects.</summary>
public sealed class ProjectLifecycle(PlatformDatabase database, Quotas quotas, TimeProvider time)
{
    private const string Insert = "INSERT INTO projects (id, name, description, owner_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) RETURNING xmin";

    /// <summary>Creates a project that a person owns.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>, <see cref="ErrorCodes.DuplicateName"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<Project>> CreateAsync(Guid ownerId, SystemRole ownerRole, ProjectText text, IdempotentCreate<Project> once, CancellationToken cancellation)
    {
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

    /// <summary>Deletes a project without running jobs and active deployments. Its rows stay, so that models remain traceable, but nobody can access them.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/>.</exception>
    public async Task DeleteAsync(Guid id, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var deleted = await database.Database.ExecuteSqlAsync(
            $"""
            UPDATE projects SET deleted_at = {now}, updated_at = {now}
            WHERE id = {id} AND deleted_at IS NULL
              AND NOT EXISTS (SELECT FROM training_jobs WHERE project_id = {id} AND state IN ('queued', 'starting', 'running', 'finalizing'))
              AND NOT EXISTS (SELECT FROM deployments WHERE project_id = {id} AND state IN ('pending', 'deploying', 'active'))
            """, cancellation);
        if (deleted == 0)
            throw new ProblemException(ErrorCodes.InvalidState, "The project has running jobs or active deployments. Cancel or deactivate them first.");
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
