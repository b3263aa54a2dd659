using Microsoft.Azure.Functions.Worker;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded;

/// <summary>A timer's state in the database.</summary>
/// <param name="Last">When the last firing was due; null before the first.</param>
/// <param name="Next">When the next firing is due.</param>
/// <param name="UpdatedAt">When the row was written last.</param>
internal sealed record TimerStatus(DateTimeOffset? Last, DateTimeOffset Next, DateTimeOffset UpdatedAt)
{
    public ScheduleStatus ToScheduleStatus() => new()
    {
        Last = Last?.UtcDateTime ?? DateTime.MinValue,
        Next = Next.UtcDateTime,
        LastUpdated = UpdatedAt.UtcDateTime,
    };
}

/// <summary>The state of a hub's timers, shared by all processes.</summary>
internal sealed class TimerStatusStore(HostDatabase database, string hub)
{
    /// <summary>
    /// Reads a timer's state, and creates it if there is none. A changed schedule starts anew at <paramref name="next"/>. So does a firing that was missed
    /// before <paramref name="now"/> when <paramref name="keepMissed"/> is false.
    /// </summary>
    public async Task<TimerStatus> RegisterAsync(
        string function, string schedule, DateTimeOffset next, DateTimeOffset now, bool keepMissed, CancellationToken cancellation) =>
        await TryReadOneAsync(TimerSql.Register.ToCommand(hub, function, schedule, next, now, keepMissed), cancellation) ?? throw Gone();

    public async Task<TimerStatus> ReadAsync(string function, CancellationToken cancellation) =>
        await TryReadOneAsync(TimerSql.Read.ToCommand(hub, function), cancellation) ?? throw Gone();

    /// <summary>Records that the firing due at <paramref name="last"/> is done, unless another process has, and returns the timer's state.</summary>
    public async Task<TimerStatus> AdvanceAsync(
        string function, DateTimeOffset last, DateTimeOffset next, DateTimeOffset now, CancellationToken cancellation) =>
        await TryReadOneAsync(TimerSql.Advance.ToCommand(hub, function, last, next, now), cancellation) ?? await ReadAsync(function, cancellation);

    /// <summary>Locks a timer for one run, across processes. The lock of a killed process is released.</summary>
    /// <param name="wait">Whether to wait while another run holds the lock.</param>
    /// <returns>Null when another run holds the lock and <paramref name="wait"/> is false.</returns>
    public async Task<IAsyncDisposable?> LockAsync(string function, bool wait, CancellationToken cancellation)
    {
        NpgsqlConnection connection = await database.OpenAsync(cancellation);
        try
        {
            await using var command = new NpgsqlCommand(wait ? TimerSql.Lock : TimerSql.TryLock, connection) { CommandTimeout = wait ? 0 : 30 };
            command.Parameters.Add(new NpgsqlParameter { Value = $"{hub}/{function}", NpgsqlDbType = NpgsqlDbType.Text });
            if (await command.ExecuteScalarAsync(cancellation) is true)
                return new HeldTimer(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    private static InvalidOperationException Gone() => new($"The timer's row was deleted from {SqlFiles.Schema}.timer_status.");

    private async Task<TimerStatus?> TryReadOneAsync(NpgsqlBatchCommand command, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(command);
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            return null;
        return new TimerStatus(
            await reader.IsDBNullAsync(0, cancellation) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(0, cancellation),
            await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellation),
            await reader.GetFieldValueAsync<DateTimeOffset>(2, cancellation));
    }

    /// <summary>A timer's lock. It lasts as long as its connection, so it is released before the connection returns to the pool.</summary>
    private sealed class HeldTimer(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (connection.FullState.HasFlag(System.Data.ConnectionState.Open))
            {
                await using var release = new NpgsqlCommand(TimerSql.Unlock, connection);
                await release.ExecuteNonQueryAsync();
            }

            await connection.DisposeAsync();
        }
    }
}
