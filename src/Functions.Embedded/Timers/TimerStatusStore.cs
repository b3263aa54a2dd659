using Microsoft.Azure.Functions.Worker;
using Npgsql;
using NpgsqlTypes;

namespace VisionPlatform.Functions.Embedded;

/// <summary>A timer's state in the database.</summary>
internal sealed record TimerStatus(DateTimeOffset? Last, DateTimeOffset Next, DateTimeOffset UpdatedAt)
{
    public ScheduleStatus ToScheduleStatus() => new()
    {
        Last = Last?.UtcDateTime ?? DateTime.MinValue,
        Next = Next.UtcDateTime,
        LastUpdated = UpdatedAt.UtcDateTime,
    };
}

/// <summary>Timer state of one hub, shared by all processes of the app.</summary>
internal sealed class TimerStatusStore(HostDatabase database, string hub)
{
    /// <summary>
    /// Makes sure the timer has a row and reads it. A changed schedule starts anew at <paramref name="next"/>; so does a
    /// firing missed before <paramref name="now"/> when <paramref name="keepMissed"/> is false.
    /// </summary>
    public async Task<TimerStatus> RegisterAsync(
        string function, string schedule, DateTimeOffset next, DateTimeOffset now, bool keepMissed, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO durable.timer_status AS s (hub, function_name, schedule, next_due, updated_at)
            VALUES (@hub, @function, @schedule, @next, @now)
            ON CONFLICT (hub, function_name) DO UPDATE SET
                next_due = CASE WHEN s.schedule <> excluded.schedule OR (NOT @keep AND s.next_due < @now) THEN excluded.next_due ELSE s.next_due END,
                schedule = excluded.schedule
            RETURNING last_due, next_due, updated_at
            """,
            connection);
        command.Parameters.AddWithValue("hub", hub);
        command.Parameters.AddWithValue("function", function);
        command.Parameters.AddWithValue("schedule", schedule);
        command.Parameters.AddWithValue("next", next);
        command.Parameters.AddWithValue("now", now);
        command.Parameters.AddWithValue("keep", keepMissed);
        return await ReadOneAsync(command, cancellation);
    }

    public async Task<TimerStatus> ReadAsync(string function, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            "SELECT last_due, next_due, updated_at FROM durable.timer_status WHERE hub = @hub AND function_name = @function", connection);
        command.Parameters.AddWithValue("hub", hub);
        command.Parameters.AddWithValue("function", function);
        return await ReadOneAsync(command, cancellation);
    }

    /// <summary>Records the firing due at <paramref name="last"/> as done, unless another process did: a run that lost its lock may end late.</summary>
    public async Task<TimerStatus> AdvanceAsync(
        string function, DateTimeOffset last, DateTimeOffset next, DateTimeOffset now, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(
            """
            UPDATE durable.timer_status SET last_due = @last, next_due = @next, updated_at = @now
            WHERE hub = @hub AND function_name = @function AND next_due = @last
            RETURNING last_due, next_due, updated_at
            """,
            connection);
        command.Parameters.AddWithValue("hub", hub);
        command.Parameters.AddWithValue("function", function);
        command.Parameters.AddWithValue("last", last);
        command.Parameters.AddWithValue("next", next);
        command.Parameters.AddWithValue("now", now);
        return await TryReadOneAsync(command, cancellation) ?? await ReadAsync(function, cancellation);
    }

    /// <summary>
    /// Holds the timer for one run, across processes: an advisory lock that ends with its connection, so a killed process
    /// lets go. With <paramref name="wait"/> false null means that another run holds it.
    /// </summary>
    public async Task<IAsyncDisposable?> LockAsync(string function, bool wait, CancellationToken cancellation)
    {
        NpgsqlConnection connection = await database.OpenAsync(cancellation);
        try
        {
            const string key = "(hashtextextended(@timer, 7166181))";
            await using var command = new NpgsqlCommand(
                wait ? $"SELECT true FROM (SELECT pg_advisory_lock{key}) held" : $"SELECT pg_try_advisory_lock{key}", connection)
            {
                CommandTimeout = wait ? 0 : 30,
            };
            command.Parameters.Add(new NpgsqlParameter("timer", NpgsqlDbType.Text) { Value = $"{hub}/{function}" });
            if (await command.ExecuteScalarAsync(cancellation) is true)
                return new Held(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    private static async Task<TimerStatus> ReadOneAsync(NpgsqlCommand command, CancellationToken cancellation)
        => await TryReadOneAsync(command, cancellation) ?? throw new InvalidOperationException("The timer's row is gone from durable.timer_status.");

    private static async Task<TimerStatus?> TryReadOneAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            return null;
        return new TimerStatus(
            await reader.IsDBNullAsync(0, cancellation) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(0, cancellation),
            await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellation),
            await reader.GetFieldValueAsync<DateTimeOffset>(2, cancellation));
    }

    /// <summary>A broken connection has lost the lock already; a sound one must not take it back to the pool.</summary>
    private sealed class Held(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (connection.FullState.HasFlag(System.Data.ConnectionState.Open))
            {
                await using var release = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", connection);
                await release.ExecuteNonQueryAsync();
            }

            await connection.DisposeAsync();
        }
    }
}
