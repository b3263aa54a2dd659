using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Tests.Accounts;

/// <summary>Changes in the user database commit together with their entry in the audit log, or not at all.</summary>
public sealed class AuditedChangeTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly Organization _organization = new() { Name = "Rolling mill", CreatedAt = Now, UpdatedAt = Now };
    private readonly User _person = new() { Email = "kim@example.org", NormalizedEmail = "kim@example.org", PasswordHash = "", CreatedAt = Now, UpdatedAt = Now };
    private readonly Project _project = new() { Name = "Steel plates", OwnerId = Guid.NewGuid() };
    private NpgsqlDataSource _source = null!;
    private Guid _session;
    private Guid _token;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("USER_DATABASE_URL", await postgres.NewDatabaseAsync())]).Build();
        _source = NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(settings, "USER_DATABASE_URL"));
        await using var database = Open();
        await database.Database.MigrateAsync(Cancellation);
        _person.OrganizationId = _organization.Id;
        var session = new UserSession { UserId = _person.Id, CreatedAt = Now, LastUsedAt = Now, ExpiresAt = Now.AddDays(1) };
        var token = new PersonalToken { UserId = _person.Id, Name = "script", TokenHash = [1], Scopes = [TokenScopes.Read], CreatedAt = Now, ExpiresAt = Now.AddDays(1) };
        var member = new ProjectMember { ProjectId = _project.Id, UserId = _person.Id, Role = ProjectRole.Viewer, CreatedAt = Now };
        database.AddRange(_organization, _person, session, token, member);
        await database.SaveChangesAsync(Cancellation);
        (_session, _token) = (session.Id, token.Id);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Theory]
    [InlineData("session.sign_out")]
    [InlineData("session.sign_out_everywhere")]
    [InlineData("session.end")]
    [InlineData("personal_token.revoke")]
    [InlineData("project_member.update")]
    [InlineData("project_member.remove")]
    [InlineData("organization_member.remove")]
    [InlineData("organization.create")]
    [InlineData("organization.update")]
    public async Task A_change_is_rolled_back_when_its_audit_entry_cannot_be_written(string action)
    {
        var before = await StateAsync();

        await Assert.ThrowsAsync<NotSupportedException>(() => ChangeAsync(action, () => throw new NotSupportedException("no entry")));
        Assert.Equal(before, await StateAsync());

        await ChangeAsync(action, () => null);
        Assert.NotEqual(before, await StateAsync());
        await using var database = Open();
        Assert.Equal([action], await database.AuditEntries.Select(entry => entry.Action).ToListAsync(Cancellation));
    }

    private UserDatabase Open() => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(_source).Options);

    private async Task ChangeAsync(string action, Func<Domain.Audit.AuditActor?> actor)
    {
        await using var database = Open();
        var audit = new AuditLog(database, new AuditSettings((TimeSpan?)null), TimeProvider.System) { Origin = new AuditOrigin(actor, null, null, null) };
        var sessions = new UserSessions(database, null!, audit, TimeProvider.System);
        var members = new ProjectMembership(database, null!, audit, TimeProvider.System);
        var organizations = new OrganizationLifecycle(database, audit, TimeProvider.System);
        var organization = await database.Organizations.AsNoTracking().SingleAsync(Cancellation);
        var text = new OrganizationText("Foundry", null, null, 5, null, null, null);
        await (action switch
        {
            "session.sign_out" => sessions.SignOutAsync(_person.Id, _session, Cancellation),
            "session.sign_out_everywhere" => sessions.SignOutEverywhereAsync(_person.Id, _person.Email, Cancellation),
            "session.end" => sessions.EndAsync(_person.Id, _session, Cancellation),
            "personal_token.revoke" => new PersonalTokens(database, audit, TimeProvider.System).RevokeAsync(_person.Id, _token, Cancellation),
            "project_member.update" => members.SetRoleAsync(_project, _person.Id, ProjectRole.Admin, Cancellation),
            "project_member.remove" => members.RemoveAsync(_project, _person.Id, Cancellation),
            "organization_member.remove" => new OrganizationMembership(database, null!, audit, TimeProvider.System).RemoveAsync(organization, _person.Id, Cancellation),
            "organization.create" => organizations.CreateAsync(text, new IdempotentCreate<Organization>(null, _ => new StoredAnswer(201, null, null, null), TimeProvider.System), Cancellation),
            "organization.update" => organizations.UpdateAsync(organization, text, Cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(action), action, "Unknown action."),
        });
    }

    /// <summary>Everything that the changes change.</summary>
    private async Task<string> StateAsync()
    {
        await using var database = Open();
        var session = await database.Sessions.AsNoTracking().SingleAsync(Cancellation);
        var token = await database.PersonalTokens.AsNoTracking().SingleAsync(Cancellation);
        var person = await database.Users.AsNoTracking().SingleAsync(Cancellation);
        var roles = await database.ProjectMembers.Select(member => member.Role).ToListAsync(Cancellation);
        var names = await database.Organizations.OrderBy(organization => organization.Name).Select(organization => organization.Name).ToListAsync(Cancellation);
        return $"{session.EndedAt} {token.RevokedAt} {person.OrganizationId} {string.Join(',', roles)} {string.Join(',', names)}";
    }
}
