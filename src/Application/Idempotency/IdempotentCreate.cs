using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Idempotency;

/// <summary>
/// A request that creates something, as a use case sees it. With an <see cref="IdempotencyKey"/> the answer is stored in the transaction
/// that creates, so there is no moment at which a crash leaves one without the other. A second request with the key gets the stored
/// answer and creates nothing. Failures are not stored: they created nothing and may be tried again.
/// </summary>
/// <param name="key">The request's key; null when it has none.</param>
/// <param name="answer">The answer to a request that created this.</param>
/// <param name="time">The clock.</param>
public sealed class IdempotentCreate<T>(IdempotencyKey? key, Func<T, StoredAnswer> answer, TimeProvider time)
    where T : class
{
    /// <summary>
    /// Begins the transaction. Return <see cref="CreateTransaction{T}.Earlier"/> if there is one; otherwise create and end with
    /// <see cref="CreateTransaction{T}.CommitAsync"/>.
    /// </summary>
    /// <param name="database">Where to create.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="isOneStatement">
    /// Whether one statement creates everything and no lock must be held until it is committed. Without a key no transaction begins then:
    /// PostgreSQL commits a statement by itself, and a round trip is saved.
    /// </param>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.IdempotencyKeyReused"/> for a key that was used with another body, <see cref="ErrorCodes.RequestInProgress"/>
    /// while the first request with the key still runs.
    /// </exception>
    public async Task<CreateTransaction<T>> BeginAsync(DbContext database, CancellationToken cancellation, bool isOneStatement = false)
    {
        if (key is null && isOneStatement)
            return new CreateTransaction<T>(database, null, null, answer, time, null);
        var transaction = await database.Database.BeginTransactionAsync(cancellation);
        try
        {
            var earlier = key is null ? null : await IdempotentAnswers.FindAsync(database, key, time.GetUtcNow(), cancellation);
            return new CreateTransaction<T>(database, transaction, key, answer, time, earlier);
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }
}

/// <summary>The transaction of an <see cref="IdempotentCreate{T}"/>. Disposed without a commit, it creates nothing.</summary>
public sealed class CreateTransaction<T> : IAsyncDisposable
    where T : class
{
    private readonly DbContext _database;
    private readonly IDbContextTransaction? _transaction;
    private readonly IdempotencyKey? _key;
    private readonly Func<T, StoredAnswer> _answer;
    private readonly TimeProvider _time;

    internal CreateTransaction(
        DbContext database, IDbContextTransaction? transaction, IdempotencyKey? key, Func<T, StoredAnswer> answer, TimeProvider time, StoredAnswer? earlier)
    {
        (_database, _transaction, _key, _answer, _time) = (database, transaction, key, answer, time);
        Earlier = earlier is null ? null : new Created<T>(earlier, null);
    }

    /// <summary>What the first request with this key was answered.</summary>
    public Created<T>? Earlier { get; }

    /// <summary>Commits, together with the answer.</summary>
    public async Task<Created<T>> CommitAsync(T made, CancellationToken cancellation)
    {
        var answer = _answer(made);
        if (_key is not null)
            await IdempotentAnswers.StoreAsync(_database, _key, answer, _time.GetUtcNow(), cancellation);
        if (_transaction is not null)
            await _transaction.CommitAsync(cancellation);
        return new Created<T>(answer, made);
    }

    public ValueTask DisposeAsync() => _transaction?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>How a request to create something ended.</summary>
/// <param name="Answer">What the caller is answered.</param>
/// <param name="Made">What was created; null when an earlier request with the same key created it.</param>
public sealed record Created<T>(StoredAnswer Answer, T? Made)
    where T : class;

/// <summary>The stored answers of a database.</summary>
public static class IdempotentAnswers
{
    /// <summary>How long an answer is stored.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Removes answers from a database when their lifetime is over.</summary>
    public static RetentionRule Retention<TContext>()
        where TContext : DbContext => RetentionRule.Of<TContext, TimeProvider>("stored answers to idempotency keys", (database, time, cancellation) =>
        {
            var before = time.GetUtcNow() - Lifetime;
            return database.Set<IdempotentAnswer>().Where(answer => answer.CreatedAt < before).ExecuteDeleteAsync(cancellation);
        });

    internal static async Task<StoredAnswer?> FindAsync(DbContext database, IdempotencyKey key, DateTimeOffset now, CancellationToken cancellation)
    {
        // Held until the transaction ends, by commit or by crash. Two statements: the second must see what the first waited for.
        var free = await database.Database.SqlQuery<bool>($"SELECT pg_try_advisory_xact_lock({key.Lock}) AS \"Value\"").SingleAsync(cancellation);
        if (!free)
            throw new ProblemException(ErrorCodes.RequestInProgress) { RetryAfter = RetryAfter };
        var since = now - Lifetime;
        var found = await database.Set<IdempotentAnswer>().AsNoTracking().SingleOrDefaultAsync(answer => answer.Key == key.Id && answer.CreatedAt > since, cancellation);
        if (found is null)
            return null;
        return found.Fingerprint.AsSpan().SequenceEqual(key.Fingerprint)
            ? key.Open(found.Answer)
            : throw new ProblemException(ErrorCodes.IdempotencyKeyReused, $"The {IdempotencyKey.Header} was used with another body.", IdempotencyKey.Header);
    }

    // Overwrite an expired answer under this key.
    internal static Task StoreAsync(DbContext database, IdempotencyKey key, StoredAnswer answer, DateTimeOffset now, CancellationToken cancellation) =>
        database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO idempotent_answers (key, fingerprint, answer, created_at) VALUES ({key.Id}, {key.Fingerprint}, {key.Seal(answer)}, {now})
            ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at
            """, cancellation);
}
