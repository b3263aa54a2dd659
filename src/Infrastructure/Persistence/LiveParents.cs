using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>
/// No child is created under a parent that has ended. A transaction that creates a row first locks the parents of that row
/// (<c>FOR SHARE</c>) and is refused if one has ended. A transaction that ends a parent locks it <c>FOR UPDATE</c> before it looks for children,
/// and ends them. Whichever comes second therefore sees what the first has done.
/// <list type="bullet">
/// <item>Order of the locks: account hold, project, dataset, then the rows below them, then rows of the user database (organization, invitation, person).</item>
/// <item>A child in the other database: the parent stays locked in its own database until the child is committed (<see cref="HoldProjectAsync"/>,
/// <see cref="HoldDatasetAsync"/>, <see cref="HoldAccountAsync"/>). Open the connection to the user database first: requests that hold one
/// connection and wait for the other must all take them in the same order.</item>
/// <item>The end of a parent commits in its own database first and ends children in the other database after that. A retention rule
/// repeats this, in case the process dies in between.</item>
/// </list>
/// </summary>
public static class LiveParents
{
    private const string AccountKey = "account ";

    /// <summary>Keeps a project from ending until the transaction ends.</summary>
    /// <param name="database">In a transaction.</param>
    /// <param name="id">The project.</param>
    /// <param name="what">What the caller named, for the answer: <c>project</c>.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> if it has ended.</exception>
    public static async Task RequireLiveProjectAsync(this PlatformDatabase database, Guid id, string what, CancellationToken cancellation)
    {
        if (!await database.ShareProjectAsync(id, cancellation))
            throw ProblemException.NoSuch(what);
    }

    /// <summary>Keeps the project of a dataset from ending until the transaction ends. For those who lock the dataset itself afterwards.</summary>
    /// <inheritdoc cref="RequireLiveProjectAsync"/>
    public static async Task RequireLiveProjectOfDatasetAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation)
    {
        if (!await AnyAsync(database, $"SELECT p.id AS \"Value\" FROM projects p JOIN datasets d ON d.project_id = p.id WHERE d.id = {id} AND p.deleted_at IS NULL FOR SHARE OF p", cancellation))
            throw ProblemException.NoSuch("dataset");
    }

    /// <summary>Keeps the project and the dataset of a job from ending until the transaction ends. Call it before the job is locked.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> or <see cref="ErrorCodes.DatasetDeleted"/>.</exception>
    public static async Task RequireLiveParentsOfJobAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation)
    {
        if (!await AnyAsync(database, $"SELECT p.id AS \"Value\" FROM projects p JOIN training_jobs j ON j.project_id = p.id WHERE j.id = {id} AND p.deleted_at IS NULL FOR SHARE OF p", cancellation))
            throw ProblemException.NoSuch("job");
        if (!await AnyAsync(
            database,
            $"""
            SELECT d.id AS "Value" FROM datasets d JOIN dataset_versions v ON v.dataset_id = d.id JOIN training_jobs j ON j.dataset_version_id = v.id
            WHERE j.id = {id} AND d.deleted_at IS NULL FOR SHARE OF d
            """, cancellation))
            throw new ProblemException(ErrorCodes.DatasetDeleted);
    }

    /// <summary>Keeps the dataset of a version from ending until the transaction ends. Lock its project first.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.DatasetDeleted"/>.</exception>
    public static async Task RequireLiveDatasetOfVersionAsync(this PlatformDatabase database, Guid versionId, CancellationToken cancellation)
    {
        if (!await AnyAsync(
            database, $"SELECT d.id AS \"Value\" FROM datasets d JOIN dataset_versions v ON v.dataset_id = d.id WHERE v.id = {versionId} AND d.deleted_at IS NULL FOR SHARE OF d", cancellation))
            throw new ProblemException(ErrorCodes.DatasetDeleted);
    }

    /// <summary>Keeps a project from ending until the result is disposed, for children in the user database. Null if it has ended.</summary>
    public static Task<IAsyncDisposable?> HoldProjectAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        HoldAsync(database, () => database.ShareProjectAsync(id, cancellation), cancellation);

    /// <summary>Keeps a dataset and its project from ending until the result is disposed, for children in the user database. Null if one has ended.</summary>
    public static Task<IAsyncDisposable?> HoldDatasetAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        HoldAsync(
            database,
            () => AnyAsync(
                database,
                $"""
                SELECT d.id AS "Value" FROM projects p JOIN datasets d ON d.project_id = p.id
                WHERE d.id = {id} AND d.deleted_at IS NULL AND p.deleted_at IS NULL FOR SHARE
                """, cancellation),
            cancellation);

    /// <summary>Keeps an active account from being deleted until the result is disposed, for projects that it owns. Null if there is no such account.</summary>
    /// <remarks>An advisory lock: unlike a row lock it writes nothing, so that creating a project waits for one commit, not two.</remarks>
    public static async Task<IAsyncDisposable?> HoldAccountAsync(this UserDatabase database, Guid id, CancellationToken cancellation)
    {
        await database.Database.OpenConnectionAsync(cancellation);
        var hold = new AccountHold(database, AccountKey + id);
        try
        {
            await using var batch = new NpgsqlBatch(hold.Connection)
            {
                BatchCommands =
                {
                    new("SELECT pg_advisory_lock_shared(hashtextextended($1, 0))") { Parameters = { new NpgsqlParameter<string> { TypedValue = hold.Key } } },
                    new("SELECT 1 FROM users WHERE id = $1 AND is_active") { Parameters = { new NpgsqlParameter<Guid> { TypedValue = id } } },
                },
            };
            await using (var answers = await batch.ExecuteReaderAsync(cancellation))
            {
                await answers.NextResultAsync(cancellation);
                if (await answers.ReadAsync(cancellation))
                    return hold;
            }
        }
        catch
        {
            await hold.DisposeAsync();
            throw;
        }
        await hold.DisposeAsync();
        return null;
    }

    /// <summary>Waits until nobody holds the account, and keeps others from holding it until the transaction ends. Call it before the account is locked.</summary>
    public static Task LockOutOwnersAsync(this UserDatabase database, Guid id, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({AccountKey + id}, 0))", cancellation);

    /// <summary>Locks an organization until the transaction ends. False if there is none.</summary>
    public static Task<bool> LockOrganizationAsync(this UserDatabase database, Guid id, CancellationToken cancellation) =>
        AnyAsync(database, $"SELECT id AS \"Value\" FROM organizations WHERE id = {id} FOR UPDATE", cancellation);

    /// <summary>Keeps an active account as it is (active, with this password and address) until the transaction ends. False if it is not active.</summary>
    public static Task<bool> ShareAccountAsync(this UserDatabase database, Guid id, CancellationToken cancellation) =>
        AnyAsync(database, $"SELECT id AS \"Value\" FROM users WHERE id = {id} AND is_active FOR SHARE", cancellation);

    /// <summary>The same, and false if the account has got another password since it was read.</summary>
    public static Task<bool> ShareAccountAsync(this UserDatabase database, Guid id, DateTimeOffset? passwordChangedAt, CancellationToken cancellation) =>
        AnyAsync(
            database, $"SELECT id AS \"Value\" FROM users WHERE id = {id} AND is_active AND password_changed_at IS NOT DISTINCT FROM {passwordChangedAt}::timestamptz FOR SHARE", cancellation);

    private static Task<bool> ShareProjectAsync(this PlatformDatabase database, Guid id, CancellationToken cancellation) =>
        AnyAsync(database, $"SELECT id AS \"Value\" FROM projects WHERE id = {id} AND deleted_at IS NULL FOR SHARE", cancellation);

    // PostgreSQL checks the condition again after it has waited for the lock.
    private static async Task<bool> AnyAsync(DbContext database, FormattableString sql, CancellationToken cancellation) =>
        (await database.Database.SqlQuery<Guid>(sql).ToListAsync(cancellation)).Count > 0;

    private static async Task<IAsyncDisposable?> HoldAsync(PlatformDatabase database, Func<Task<bool>> share, CancellationToken cancellation)
    {
        var transaction = await database.Database.BeginTransactionAsync(cancellation);
        try
        {
            if (await share())
                return transaction;
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
        await transaction.DisposeAsync();
        return null;
    }

    private sealed class AccountHold(UserDatabase database, string key) : IAsyncDisposable
    {
        public string Key => key;

        public NpgsqlConnection Connection { get; } = (NpgsqlConnection)database.Database.GetDbConnection();

        public async ValueTask DisposeAsync()
        {
            try
            {
                if (Connection.State == System.Data.ConnectionState.Open)
                {
                    await using var unlock = new NpgsqlCommand("SELECT pg_advisory_unlock_shared(hashtextextended($1, 0))", Connection);
                    unlock.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
                    await unlock.ExecuteNonQueryAsync();
                }
            }
            finally
            {
                await database.Database.CloseConnectionAsync();
            }
        }
    }
}
