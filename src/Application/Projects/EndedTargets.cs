using Microsoft.EntityFrameworkCore;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Projects;

/// <summary>
/// Ends what deleted projects and datasets leave in the user database: memberships and pending invitations. <see cref="LiveParents"/> says when.
/// </summary>
public sealed class EndedTargets(UserDatabase users, PlatformDatabase platform, TimeProvider time)
{
    /// <summary>How far back <see cref="SweepAsync"/> looks. Longer than a host is likely to be away.</summary>
    private static readonly TimeSpan SweptFor = TimeSpan.FromDays(7);

    /// <summary>Removes the members of projects and datasets and cancels the invitations to them. Returns how many rows that were.</summary>
    /// <param name="targets">Ids of deleted projects and datasets.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<int> EndAsync(Guid[] targets, CancellationToken cancellation)
    {
        if (targets.Length == 0)
            return 0;
        var now = time.GetUtcNow();
        return await users.Database.ExecuteSqlAsync(
                $"UPDATE invitations SET state = 'cancelled', ended_at = {now} WHERE target_id = ANY({targets}) AND state = 'pending'", cancellation)
            + await users.ProjectMembers.Where(member => targets.Contains(member.ProjectId)).ExecuteDeleteAsync(cancellation)
            + await users.DatasetMembers.Where(member => targets.Contains(member.DatasetId)).ExecuteDeleteAsync(cancellation);
    }

    /// <summary>Does the same for what was deleted lately, in case the process died between the two databases. Returns how many rows that were.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellation)
    {
        var since = time.GetUtcNow() - SweptFor;
        var targets = await platform.Projects.Where(project => project.DeletedAt > since).Select(project => project.Id)
            .Concat(platform.Datasets.Where(dataset => dataset.DeletedAt > since).Select(dataset => dataset.Id)).ToArrayAsync(cancellation);
        return await EndAsync(targets, cancellation);
    }
}
