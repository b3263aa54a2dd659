using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>Tells long answers, like event streams, that what their caller may do has changed: they check again at once.</summary>
public sealed class AccessFeed([FromKeyedServices(Databases.Users)] NpgsqlDataSource source, ILogger<AccessFeed> log) : NotificationFeed(source, AccessChanges.Channel, log);

public static class AccessChanges
{
    /// <summary>The PostgreSQL channel that carries the id of an account when something that it could do may have ended.</summary>
    public const string Channel = "access_changes";

    /// <summary>
    /// Has everything that is still answering an account check its access when the current transaction commits. Call it wherever a session, a token,
    /// a role or a membership ends or changes.
    /// </summary>
    public static Task NotifyAccessChangedAsync(this UserDatabase database, Guid userId, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync($"SELECT pg_notify({Channel}, {userId.ToString()})", cancellation);
}
