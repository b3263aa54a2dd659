using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Organizations;

/// <summary>
/// Enforces the limits of accounts and organizations. Each check takes a lock until the end of the caller's transaction of
/// the platform database, which creates the rows. So two simultaneous requests cannot both take the last place.
/// </summary>
public sealed class Quotas(PlatformDatabase platform, UserDatabase users, TimeProvider time)
{
    /// <summary>The role and organization whose limits apply to an account.</summary>
    private sealed record Holder(SystemRole Role, Organization? Organization)
    {
        public AccountQuota Account => AccountQuota.For(Role);
    }

    private static readonly Func<UserDatabase, Guid, CancellationToken, Task<Holder?>> HolderOf = EF.CompileAsyncQuery(
        (UserDatabase users, Guid account, CancellationToken _) => (
            from user in users.Users.AsNoTracking().Where(user => user.Id == account)
            join organization in users.Organizations on user.OrganizationId equals organization.Id into its
            from organization in its.DefaultIfEmpty()
            select new Holder(user.Role, organization)).FirstOrDefault());

    private static readonly Func<UserDatabase, Guid, CancellationToken, Task<int?>> StorageOfOrganization = EF.CompileAsyncQuery(
        (UserDatabase users, Guid id, CancellationToken _) => users.Organizations.Where(organization => organization.Id == id).Select(organization => organization.MaxStorageGb).FirstOrDefault());

    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task RequireRoomForProjectAsync(Guid owner, SystemRole role, CancellationToken cancellation)
    {
        if (AccountQuota.For(role).Projects is { } limit)
            await RequireAsync(Connection, QuotaKind.Projects, QuotaScope.Account, limit, owner, [owner], usage => usage.ProjectsAsync(cancellation), cancellation);
    }

    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task RequireRoomForDatasetAsync(Guid maker, SystemRole role, CancellationToken cancellation)
    {
        if (AccountQuota.For(role).Datasets is { } limit)
            await RequireAsync(Connection, QuotaKind.Datasets, QuotaScope.Account, limit, maker, [maker], usage => usage.DatasetsAsync(cancellation), cancellation);
    }

    /// <summary>Requires a free place for one more job or prediction of this account and GPU hours that are left this month.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task RequireRoomForJobAsync(Guid account, CancellationToken cancellation)
    {
        var holder = await HolderAsync(account, cancellation);
        if (holder.Account.ConcurrentJobs is { } jobs)
            await RequireAsync(Connection, QuotaKind.ConcurrentJobs, QuotaScope.Account, jobs, account, [account], usage => usage.JobsAsync(cancellation), cancellation);
        if (holder.Account.GpuHoursPerMonth is { } hours)
            await RequireAsync(Connection, QuotaKind.GpuHoursPerMonth, QuotaScope.Account, hours, account, [account], usage => usage.GpuHoursAsync(cancellation), cancellation, mayReach: false);
        if (holder.Organization is not { } organization || organization is { MaxConcurrentJobs: null, MaxGpuHoursPerMonth: null })
            return;
        var people = await PeopleAsync(organization.Id, cancellation);
        if (organization.MaxConcurrentJobs is { } together)
            await RequireAsync(Connection, QuotaKind.ConcurrentJobs, QuotaScope.Organization, together, organization.Id, people, usage => usage.JobsAsync(cancellation), cancellation);
        if (organization.MaxGpuHoursPerMonth is { } hoursTogether)
            await RequireAsync(
                Connection, QuotaKind.GpuHoursPerMonth, QuotaScope.Organization, hoursTogether, organization.Id, people, usage => usage.GpuHoursAsync(cancellation), cancellation, mayReach: false);
    }

    /// <summary>Requires free places for more exports of this account.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task RequireRoomForExportsAsync(Guid account, int more, CancellationToken cancellation)
    {
        if ((await HolderAsync(account, cancellation)).Account.ConcurrentExports is { } limit)
            await RequireAsync(
                Connection, QuotaKind.ConcurrentExports, QuotaScope.Account, limit, account, [account], usage => usage.ExportsAsync(cancellation), cancellation, more);
    }

    /// <summary>The same for an account whose role and organization are to be found.</summary>
    public async Task<StorageQuota?> OfStorageAsync(Guid account, CancellationToken cancellation)
    {
        var holder = await HolderAsync(account, cancellation);
        return await OfStorageAsync(account, holder.Role, holder.Organization?.Id, cancellation);
    }

    /// <summary>Requires that what an account stores, with what the caller's transaction has announced, fits its limits.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task RequireStorageFitsAsync(Guid account, CancellationToken cancellation)
    {
        foreach (var limit in (await OfStorageAsync(account, cancellation))?.Limits ?? [])
            await RequireAsync(
                Connection, QuotaKind.StorageGb, limit.Scope, limit.Gigabytes, limit.Holder, limit.Accounts, usage => usage.StorageGbAsync(cancellation), cancellation, more: 0);
    }

    /// <summary>Requires room for bytes that will be announced later. Others may take the room until then, so each announcement is checked as well.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task RequireRoomForStorageAsync(Guid account, long bytes, CancellationToken cancellation)
    {
        await using var opened = await OpenAsync(cancellation);
        foreach (var limit in (await OfStorageAsync(account, cancellation))?.Limits ?? [])
        {
            var use = new QuotaUse(QuotaKind.StorageGb, limit.Scope, limit.Gigabytes, await new Usage(Connection, limit.Accounts, time.GetUtcNow()).StorageGbAsync(cancellation));
            if (!use.HasRoomFor(bytes / Usage.Gigabyte))
                throw Exceeded(use with { Used = use.Used + bytes / Usage.Gigabyte });
        }
    }

    /// <summary>The limits on what a person may store; null when there is none. Costs a query only for people who belong to an organization.</summary>
    public async Task<StorageQuota?> OfStorageAsync(Guid account, SystemRole role, Guid? organizationId, CancellationToken cancellation)
    {
        var limits = new List<StorageLimit>(2);
        if (AccountQuota.For(role).StorageGb is { } own)
            limits.Add(new StorageLimit(QuotaScope.Account, own, account, [account]));
        if (organizationId is { } id && await StorageOfOrganization(users, id, cancellation) is { } together)
            limits.Add(new StorageLimit(QuotaScope.Organization, together, id, await PeopleAsync(id, cancellation)));
        return limits.Count > 0 ? new StorageQuota(this, limits, time) : null;
    }

    /// <summary>
    /// Locks an organization in the caller's transaction of the user database and requires room for one more person.
    /// </summary>
    /// <param name="organizationId">The organization.</param>
    /// <param name="countInvited">Whether invited people count: yes for a new invitation, no when an invited person joins.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>; <see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<Organization> RequireRoomForPersonAsync(Guid organizationId, bool countInvited, CancellationToken cancellation)
    {
        var organization = await users.Organizations.FromSql($"SELECT *, xmin FROM organizations WHERE id = {organizationId} FOR UPDATE").SingleOrDefaultAsync(cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such organization, or you may not see it.");
        var use = await PeopleUseAsync(organization, countInvited, cancellation);
        return use.HasRoomFor(1) ? organization : throw Exceeded(use);
    }

    /// <summary>What an account uses of its limits.</summary>
    public async Task<IReadOnlyList<QuotaUse>> OfAccountAsync(Guid account, CancellationToken cancellation)
    {
        var quota = (await HolderAsync(account, cancellation)).Account;
        await using var opened = await OpenAsync(cancellation);
        var usage = new Usage(Connection, [account], time.GetUtcNow());
        return
        [
            new(QuotaKind.Projects, QuotaScope.Account, quota.Projects, await usage.ProjectsAsync(cancellation)),
            new(QuotaKind.Datasets, QuotaScope.Account, quota.Datasets, await usage.DatasetsAsync(cancellation)),
            new(QuotaKind.ConcurrentJobs, QuotaScope.Account, quota.ConcurrentJobs, await usage.JobsAsync(cancellation)),
            new(QuotaKind.ConcurrentExports, QuotaScope.Account, quota.ConcurrentExports, await usage.ExportsAsync(cancellation)),
            new(QuotaKind.StorageGb, QuotaScope.Account, quota.StorageGb, await usage.StorageGbAsync(cancellation)),
            new(QuotaKind.GpuHoursPerMonth, QuotaScope.Account, quota.GpuHoursPerMonth, await usage.GpuHoursAsync(cancellation)),
        ];
    }

    /// <summary>What an organization uses of its limits. It has no limits for projects, datasets and exports.</summary>
    public async Task<IReadOnlyList<QuotaUse>> OfOrganizationAsync(Organization organization, CancellationToken cancellation)
    {
        var people = await PeopleAsync(organization.Id, cancellation);
        await using var opened = await OpenAsync(cancellation);
        var usage = new Usage(Connection, people, time.GetUtcNow());
        return
        [
            await PeopleUseAsync(organization, countInvited: true, cancellation),
            new(QuotaKind.Projects, QuotaScope.Organization, null, await usage.ProjectsAsync(cancellation)),
            new(QuotaKind.Datasets, QuotaScope.Organization, null, await usage.DatasetsAsync(cancellation)),
            new(QuotaKind.ConcurrentJobs, QuotaScope.Organization, organization.MaxConcurrentJobs, await usage.JobsAsync(cancellation)),
            new(QuotaKind.ConcurrentExports, QuotaScope.Organization, null, await usage.ExportsAsync(cancellation)),
            new(QuotaKind.StorageGb, QuotaScope.Organization, organization.MaxStorageGb, await usage.StorageGbAsync(cancellation)),
            new(QuotaKind.GpuHoursPerMonth, QuotaScope.Organization, organization.MaxGpuHoursPerMonth, await usage.GpuHoursAsync(cancellation)),
        ];
    }

    private NpgsqlConnection Connection => (NpgsqlConnection)platform.Database.GetDbConnection();

    internal async Task RequireAsync(
        NpgsqlConnection connection, QuotaKind kind, QuotaScope scope, double limit, Guid holder, IReadOnlyCollection<Guid> accounts, Func<Usage, Task<double>> used,
        CancellationToken cancellation, double more = 1, bool mayReach = true)
    {
        await using (var whole = new NpgsqlBatch(connection) { BatchCommands = { LockCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", kind, holder) } })
            await whole.ExecuteNonQueryAsync(cancellation);
        var use = new QuotaUse(kind, scope, limit, await used(new Usage(connection, accounts, time.GetUtcNow())));
        // Nobody knows how many hours a job will use, so some of them must be left.
        if (mayReach ? !use.HasRoomFor(more) : use.Used >= limit)
            throw Exceeded(use);
    }

    internal static NpgsqlBatchCommand LockCommand(string sql, QuotaKind kind, Guid holder) => new(sql) { Parameters = { new NpgsqlParameter { Value = $"{kind.AsText()} of {holder}" } } };

    private async Task<Holder> HolderAsync(Guid account, CancellationToken cancellation) =>
        // A deleted account has no role, so the smallest limits apply.
        await HolderOf(users, account, cancellation) ?? new Holder(SystemRole.Guest, null);

    private Task<List<Guid>> PeopleAsync(Guid organization, CancellationToken cancellation) =>
        users.Users.Where(user => user.OrganizationId == organization).Select(user => user.Id).ToListAsync(cancellation);

    private async Task<QuotaUse> PeopleUseAsync(Organization organization, bool countInvited, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var people = await users.Users.CountAsync(user => user.OrganizationId == organization.Id && user.IsActive, cancellation);
        if (countInvited)
            people += await users.Invitations.CountAsync(
                invitation => invitation.TargetId == organization.Id && invitation.State == Domain.Invitations.InvitationState.Pending && invitation.ExpiresAt > now, cancellation);
        return new QuotaUse(QuotaKind.Users, QuotaScope.Organization, organization.MaxUsers, people);
    }

    private async Task<IAsyncDisposable> OpenAsync(CancellationToken cancellation)
    {
        await platform.Database.OpenConnectionAsync(cancellation);
        return new Opened(platform);
    }

    private static ProblemException Exceeded(QuotaUse use)
    {
        var what = use.Kind switch
        {
            QuotaKind.ConcurrentJobs => "jobs and predictions at a time",
            QuotaKind.ConcurrentExports => "exports at a time",
            QuotaKind.StorageGb => "GB of images",
            QuotaKind.GpuHoursPerMonth => "hours of training a month",
            _ => use.Kind.AsText(),
        };
        var whose = use.Scope == QuotaScope.Organization ? "The organization" : "This account";
        var verb = use.Used > use.Limit ? "would have" : "has";
        return new ProblemException(
            ErrorCodes.QuotaExceeded, string.Create(CultureInfo.InvariantCulture, $"{whose} may have {use.Limit:0.##} {what} and {verb} {use.Used:0.##}.")) { Quota = use };
    }

    private sealed class Opened(PlatformDatabase database) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await database.Database.CloseConnectionAsync();
    }
}
