using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Organizations;

/// <summary>What an administrator writes about an organization. A limit of null means no limit.</summary>
/// <param name="MaxUsers">How many people may belong to it or be invited.</param>
/// <param name="MaxStorageGb">Size of all images of its people, in GB of 10⁹ bytes.</param>
/// <param name="MaxGpuHoursPerMonth">Hours of training in a calendar month (UTC).</param>
/// <param name="MaxConcurrentJobs">Training jobs that may be queued or running at the same time.</param>
public sealed record OrganizationText(
    string Name, string? Company, string? Division, int? MaxUsers, int? MaxStorageGb, int? MaxGpuHoursPerMonth, int? MaxConcurrentJobs);

/// <summary>Creates, changes and deletes organizations.</summary>
public sealed class OrganizationLifecycle(UserDatabase database, AuditLog audit, TimeProvider time)
{
    /// <summary>Creates an organization without people.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.DuplicateName"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<Organization>> CreateAsync(OrganizationText text, IdempotentCreate<Organization> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        var now = time.GetUtcNow();
        var organization = new Organization { Name = text.Name.AsName(), CreatedAt = now };
        Take(text, organization, now);
        database.Organizations.Add(organization);
        await SaveAsync(organization.Name, cancellation);
        await audit.AppendAsync(About(organization, "organization.create") with { Details = Limits(organization) }, cancellation);
        return await create.CommitAsync(organization, cancellation);
    }

    /// <summary>Replaces names and limits. A limit below the current use prevents further use and removes nothing.</summary>
    /// <param name="organization">As it was read. A change since then by somebody else is an update conflict.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.DuplicateName"/>.</exception>
    /// <exception cref="DbUpdateConcurrencyException">The organization has changed since it was read.</exception>
    public async Task UpdateAsync(Organization organization, OrganizationText text, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var before = Limits(organization);
        database.Attach(organization);
        Take(text, organization, time.GetUtcNow());
        await SaveAsync(organization.Name, cancellation);
        await audit.AppendAsync(
            About(organization, "organization.update") with { Details = new Dictionary<string, object?> { ["before"] = before, ["after"] = Limits(organization) } }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Deletes an organization that no people belong to, and cancels its pending invitations.</summary>
    /// <param name="organization">As it was read. A change since then by somebody else is an update conflict.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.OrganizationNotEmpty"/>.</exception>
    /// <exception cref="DbUpdateConcurrencyException">The organization has changed since it was read.</exception>
    public async Task DeleteAsync(Organization organization, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        try
        {
            // The foreign key in users refuses the delete, even when a person joins at the same moment.
            database.Organizations.Remove(organization);
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation })
        {
            throw new ProblemException(ErrorCodes.OrganizationNotEmpty);
        }
        await database.Database.ExecuteSqlAsync(
            $"UPDATE invitations SET state = 'cancelled', ended_at = {now} WHERE target_id = {organization.Id} AND state = 'pending'", cancellation);
        await audit.AppendAsync(About(organization, "organization.delete"), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    internal static AuditEvent About(Organization organization, string action) =>
        new(action) { SubjectType = "organization", SubjectId = organization.Id.ToString(), SubjectName = organization.Name };

    private static Dictionary<string, object?> Limits(Organization o) => new()
    {
        ["name"] = o.Name, ["maxUsers"] = o.MaxUsers, ["maxStorageGb"] = o.MaxStorageGb, ["maxGpuHoursPerMonth"] = o.MaxGpuHoursPerMonth, ["maxConcurrentJobs"] = o.MaxConcurrentJobs,
    };

    private static void Take(OrganizationText text, Organization organization, DateTimeOffset now)
    {
        organization.Name = text.Name.AsName();
        organization.Company = text.Company?.AsName();
        organization.Division = text.Division?.AsName();
        organization.MaxUsers = text.MaxUsers;
        organization.MaxStorageGb = text.MaxStorageGb;
        organization.MaxGpuHoursPerMonth = text.MaxGpuHoursPerMonth;
        organization.MaxConcurrentJobs = text.MaxConcurrentJobs;
        organization.UpdatedAt = now;
    }

    private async Task SaveAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.DuplicateName, $"There is already an organization named '{name}'.", "name");
        }
    }
}
