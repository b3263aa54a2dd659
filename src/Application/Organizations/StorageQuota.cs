using Npgsql;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Application.Organizations;

/// <summary>A limit on what some accounts store together.</summary>
/// <param name="Holder">The account or organization that has the limit.</param>
internal sealed record StorageLimit(QuotaScope Scope, double Gigabytes, Guid Holder, IReadOnlyCollection<Guid> Accounts);

/// <summary>
/// The limits on what a person may store, their own and their organization's. Files are announced many times a second, and a lock held until
/// the commit would have each announcement wait for the disk of the one before. Far from a limit they share it
/// (<see cref="QuotaUse.IsFarFromLimit"/> says why that is safe); near it one follows the other.
/// </summary>
public sealed class StorageQuota
{
    private readonly Quotas _quotas;
    private readonly IReadOnlyList<StorageLimit> _limits;
    private readonly TimeProvider _time;

    internal IReadOnlyList<StorageLimit> Limits => _limits;

    internal StorageQuota(Quotas quotas, IReadOnlyList<StorageLimit> limits, TimeProvider time) => (_quotas, _limits, _time) = (quotas, limits, time);

    /// <summary>Appends statements that share the limits and add up what is stored. They belong after those that announce, in the same transaction.</summary>
    public void AddTo(NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(new("SAVEPOINT shared_quota"));
        foreach (var limit in _limits)
        {
            batch.BatchCommands.Add(ShareCommand(limit));
            batch.BatchCommands.Add(new Usage(batch.Connection!, limit.Accounts, _time.GetUtcNow()).StorageGbCommand());
        }
    }

    /// <summary>Reads what <see cref="AddTo"/> asked for, from the results after the present one: GB stored, a number for each limit.</summary>
    public async Task<IReadOnlyList<double>> ReadAsync(NpgsqlDataReader answers, CancellationToken cancellation)
    {
        var stored = new double[_limits.Count];
        for (var i = 0; i < stored.Length; i++)
        {
            await answers.NextResultAsync(cancellation);
            await answers.NextResultAsync(cancellation);
            await answers.ReadAsync(cancellation);
            stored[i] = answers.GetDouble(0);
        }
        return stored;
    }

    /// <summary>Refuses what does not fit. Near a limit this waits until no other announcement counts against it.</summary>
    /// <param name="connection">In the transaction that announces.</param>
    /// <param name="stored">As <see cref="ReadAsync"/> read it.</param>
    /// <param name="announced">Bytes that the transaction announces.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task RequireFitsAsync(NpgsqlConnection connection, IReadOnlyList<double> stored, long announced, CancellationToken cancellation)
    {
        var near = _limits.Where((limit, i) => !new QuotaUse(QuotaKind.StorageGb, limit.Scope, limit.Gigabytes, stored[i]).IsFarFromLimit(announced / Usage.Gigabyte)).ToArray();
        if (near.Length == 0)
            return;
        // Release the shared lock: two transactions that hold it and want the exclusive lock would deadlock.
        await using var again = new NpgsqlBatch(connection) { BatchCommands = { new("ROLLBACK TO SAVEPOINT shared_quota") } };
        await again.ExecuteNonQueryAsync(cancellation);
        foreach (var limit in _limits)
            if (near.Contains(limit))
                await _quotas.RequireAsync(
                    connection, QuotaKind.StorageGb, limit.Scope, limit.Gigabytes, limit.Holder, limit.Accounts, usage => usage.StorageGbAsync(cancellation), cancellation, more: 0);
            else
                await ShareAsync(connection, limit, cancellation);
    }

    private static async Task ShareAsync(NpgsqlConnection connection, StorageLimit limit, CancellationToken cancellation)
    {
        await using var share = new NpgsqlBatch(connection) { BatchCommands = { ShareCommand(limit) } };
        await share.ExecuteNonQueryAsync(cancellation);
    }

    private static NpgsqlBatchCommand ShareCommand(StorageLimit limit) =>
        Quotas.LockCommand("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", QuotaKind.StorageGb, limit.Holder);
}
