using VisionPlatform.Functions.Embedded.Durable;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>
/// What the activities of <see cref="MixedLoad"/> did, kept in tables beside the engine's: every run that began, and every effect by the
/// call it is for. A call is named by its instance and its step, which stands in the call's input and so in the history next to the task id.
/// </summary>
internal sealed class Effects(string connectionString, string hub) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 8, ApplicationName = "effects" });

    public static async Task CreateTablesAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            CREATE SCHEMA IF NOT EXISTS soak;
            CREATE TABLE IF NOT EXISTS soak.runs (
                hub text NOT NULL, instance_id text NOT NULL, step text NOT NULL, process int NOT NULL, at timestamptz NOT NULL DEFAULT now());
            CREATE INDEX IF NOT EXISTS runs_hub ON soak.runs (hub, instance_id, step);
            CREATE TABLE IF NOT EXISTS soak.effects (
                hub text NOT NULL, instance_id text NOT NULL, step text NOT NULL, PRIMARY KEY (hub, instance_id, step));
            """,
            connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Notes that a run of a call begins.</summary>
    /// <returns>Whether the call's effect is there already.</returns>
    public Task<bool> BeginAsync(string instance, string step, CancellationToken cancellation) => AgainAsync(
        """
        INSERT INTO soak.runs (hub, instance_id, step, process) VALUES ($1, $2, $3, $4)
        RETURNING EXISTS (SELECT FROM soak.effects WHERE hub = $1 AND instance_id = $2 AND step = $3)
        """,
        [hub, instance, step, Environment.ProcessId],
        cancellation);

    /// <summary>Does what the call is for, unless that is done.</summary>
    public Task DoAsync(string instance, string step, CancellationToken cancellation) => AgainAsync(
        "INSERT INTO soak.effects (hub, instance_id, step) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [hub, instance, step],
        cancellation);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>Until the database takes it: a fault of the database is the engine's to live through, not a failure of the activity.</summary>
    private async Task<bool> AgainAsync(string sql, object[] values, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await using NpgsqlCommand command = _database.CreateCommand(sql);
                foreach (object value in values)
                    command.Parameters.Add(new NpgsqlParameter { Value = value });
                return await command.ExecuteScalarAsync(cancellation) is true;
            }
            catch (Exception error) when (DurableStore.IsTransient(error) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(50, cancellation);
            }
        }
    }
}
