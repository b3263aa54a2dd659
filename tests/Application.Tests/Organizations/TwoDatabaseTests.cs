using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Invitations;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Tests.Organizations;

/// <summary>Use cases that write to the user database and to the platform database, stopped between the two, and what recovery makes of it.</summary>
public sealed class TwoDatabaseTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly User _owner = Person("owner"), _member = Person("member"), _other = Person("other");
    private Project _project = null!;
    private Dataset _dataset = null!;
    private NpgsqlDataSource _users = null!, _platform = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _project = new Project { Name = "Steel plates", OwnerId = _owner.Id, CreatedAt = Now, UpdatedAt = Now };
        _dataset = new Dataset { ProjectId = _project.Id, Name = "Scratches", TaskType = TaskType.ImageClassification, Split = SplitSettings.Default, CreatedBy = _owner.Id, CreatedAt = Now, UpdatedAt = Now };
        _users = Source(await postgres.NewDatabaseAsync());
        _platform = Source(await postgres.NewDatabaseAsync());
        await using var users = OpenUsers();
        await users.Database.MigrateAsync(Cancellation);
        users.AddRange(_owner, _member, _other);
        users.Add(new ProjectMember { ProjectId = _project.Id, UserId = _member.Id, Role = ProjectRole.Viewer, CreatedAt = Now });
        users.Add(new DatasetMember { DatasetId = _dataset.Id, UserId = _other.Id, Role = DatasetRole.Viewer, CreatedAt = Now });
        await users.SaveChangesAsync(Cancellation);
        await using var platform = OpenPlatform();
        await platform.Database.MigrateAsync(Cancellation);
        platform.AddRange(_project, _dataset);
        await platform.SaveChangesAsync(Cancellation);

        static NpgsqlDataSource Source(string url) =>
            NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(new ConfigurationBuilder().AddInMemoryCollection([new("URL", url)]).Build(), "URL"));
    }

    public async ValueTask DisposeAsync()
    {
        await _users.DisposeAsync();
        await _platform.DisposeAsync();
    }

    [Fact]
    public async Task A_transfer_that_stops_before_the_owner_changes_is_undone()
    {
        await StopAsync(OpenUsers(), OpenPlatform(new StopAtCommit(before: true)));
        Assert.Equal((_owner.Id, "member viewer, owner admin", 0, 1), await StateAsync());

        Assert.Equal(1, await SettleAsync());

        Assert.Equal((_owner.Id, "member viewer", 0, 0), await StateAsync());
        Assert.Equal(0, await SettleAsync());
    }

    [Fact]
    public async Task A_transfer_that_stops_after_the_owner_has_changed_is_finished_once()
    {
        await StopAsync(OpenUsers(), OpenPlatform(new StopAtCommit(before: false)));
        Assert.Equal((_member.Id, "member viewer, owner admin", 0, 1), await StateAsync());

        Assert.Equal(1, await SettleAsync());

        Assert.Equal((_member.Id, "owner admin", 1, 0), await StateAsync());
        await using var users = OpenUsers();
        Assert.Equal((AuditActorKind.Person, "owner@example.org"), await users.AuditEntries.Select(entry => new ValueTuple<AuditActorKind, string?>(entry.ActorKind, entry.ActorName)).SingleAsync(Cancellation));
        // Nothing comes back that somebody changes after that.
        await users.ProjectMembers.Where(member => member.UserId == _owner.Id).ExecuteDeleteAsync(Cancellation);
        Assert.Equal(0, await SettleAsync());
        Assert.Equal((_member.Id, "", 1, 0), await StateAsync());
    }

    [Fact]
    public async Task The_next_transfer_first_settles_one_that_was_cut_off()
    {
        await StopAsync(OpenUsers(), OpenPlatform(new StopAtCommit(before: false)));

        await TransferAsync(OpenUsers(), OpenPlatform(), _member.Id, _other.Id);

        Assert.Equal((_other.Id, "member admin, owner admin", 2, 0), await StateAsync());
    }

    [Fact]
    public async Task A_transfer_that_is_refused_leaves_no_trace()
    {
        await using (var platform = OpenPlatform())
        {
            platform.Add(new Project { Name = "STEEL PLATES", OwnerId = _member.Id, CreatedAt = Now, UpdatedAt = Now });
            await platform.SaveChangesAsync(Cancellation);
        }

        var refused = await Assert.ThrowsAsync<ProblemException>(() => TransferAsync(OpenUsers(), OpenPlatform(), _owner.Id, _member.Id));

        Assert.Equal(ErrorCodes.DuplicateName, refused.Error);
        Assert.Equal((_owner.Id, "member viewer", 0, 0), await StateAsync());
    }

    [Theory]
    [InlineData("project")]
    [InlineData("dataset")]
    public async Task What_a_deletion_leaves_in_the_user_database_is_ended_by_the_next_repair(string what)
    {
        var target = what == "project" ? _project.Id : _dataset.Id;
        await using (var users = OpenUsers())
        {
            users.Add(new Invitation
            {
                Kind = what == "project" ? InvitationKind.Project : InvitationKind.Dataset, TargetId = target, TargetName = what, Email = "new@example.org", NormalizedEmail = "new@example.org",
                Role = "viewer", InviterId = _owner.Id, TokenHash = [1], CreatedAt = Now, SentAt = Now, ExpiresAt = Now.AddDays(7),
            });
            await users.SaveChangesAsync(Cancellation);
        }
        await using (var users = OpenUsers(new StopAtCommand("UPDATE invitations")))
        await using (var platform = OpenPlatform())
        {
            var ended = new EndedTargets(users, platform, TimeProvider.System);
            await Assert.ThrowsAsync<NotSupportedException>(() => what == "project"
                ? new ProjectLifecycle(platform, users, null!, ended, TimeProvider.System).DeleteAsync(target, _ => { }, Cancellation)
                : new VisionPlatform.Application.Datasets.DatasetLifecycle(platform, null!, ended, TimeProvider.System).DeleteAsync(target, _ => { }, Cancellation));
        }
        Assert.Equal((1, 1, InvitationState.Pending), await LeftAsync());

        await using (var users = OpenUsers())
        await using (var platform = OpenPlatform())
            Assert.True(await new EndedTargets(users, platform, TimeProvider.System).SweepAsync(Cancellation) > 0);

        Assert.Equal(what == "project" ? (0, 0, InvitationState.Cancelled) : (1, 0, InvitationState.Cancelled), await LeftAsync());

        async Task<(int, int, InvitationState)> LeftAsync()
        {
            await using var users = OpenUsers();
            return (await users.ProjectMembers.CountAsync(Cancellation), await users.DatasetMembers.CountAsync(Cancellation), (await users.Invitations.SingleAsync(Cancellation)).State);
        }
    }

    private static User Person(string name) => new()
    {
        Email = $"{name}@example.org", NormalizedEmail = $"{name}@example.org", PasswordHash = "", Role = SystemRole.AdvancedEngineer, CreatedAt = Now, UpdatedAt = Now,
    };

    private UserDatabase OpenUsers(params IInterceptor[] interceptors) => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(_users).AddInterceptors(interceptors).Options);

    private PlatformDatabase OpenPlatform(params IInterceptor[] interceptors) => new(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(_platform).AddInterceptors(interceptors).Options);

    private Task StopAsync(UserDatabase users, PlatformDatabase platform) => Assert.ThrowsAsync<NotSupportedException>(() => TransferAsync(users, platform, _owner.Id, _member.Id));

    private async Task TransferAsync(UserDatabase users, PlatformDatabase platform, Guid from, Guid to)
    {
        await using (users)
        await using (platform)
            await Ownership(users, platform).TransferAsync(_project.Id, from, to, mustBeMember: false, Cancellation);
    }

    private async Task<int> SettleAsync()
    {
        await using var users = OpenUsers();
        await using var platform = OpenPlatform();
        return await Ownership(users, platform).SettleAsync(Cancellation);
    }

    private ProjectOwnership Ownership(UserDatabase users, PlatformDatabase platform) => new(
        platform, users, new Quotas(platform, users, TimeProvider.System),
        new AuditLog(users, new AuditSettings((TimeSpan?)null), TimeProvider.System) { Origin = new AuditOrigin(() => AuditActor.Person(_owner.Id, _owner.Email), null, null, null) }, TimeProvider.System);

    /// <summary>The owner, the members with their roles, the entries of the audit log, and the transfers that are recorded.</summary>
    private async Task<(Guid Owner, string Members, int Entries, int Transfers)> StateAsync()
    {
        await using var users = OpenUsers();
        await using var platform = OpenPlatform();
        var members = await users.ProjectMembers.Join(users.Users, member => member.UserId, user => user.Id, (member, user) => new { user.Email, member.Role }).ToListAsync(Cancellation);
        return (
            await platform.Projects.Where(project => project.Id == _project.Id).Select(project => project.OwnerId).SingleAsync(Cancellation),
            string.Join(", ", members.Select(member => $"{member.Email.Split('@')[0]} {AccessPolicy.NameOf(member.Role)}").Order()),
            await users.AuditEntries.CountAsync(Cancellation), await users.OwnershipTransfers.CountAsync(Cancellation));
    }

    private sealed class StopAtCommit(bool before) : DbTransactionInterceptor
    {
        public override ValueTask<InterceptionResult> TransactionCommittingAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
            before ? throw new NotSupportedException("stopped before the commit") : ValueTask.FromResult(result);

        public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("stopped after the commit");
    }

    private sealed class StopAtCommand(string beginning) : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            command.CommandText.StartsWith(beginning, StringComparison.Ordinal) ? throw new NotSupportedException("stopped before the second database") : ValueTask.FromResult(result);
    }
}
