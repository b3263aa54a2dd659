using System.Diagnostics;
using Npgsql;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>How the app connects to PostgreSQL. Options in the connection string take precedence over those set here.</summary>
internal static class DataSources
{
    /// <param name="connection">An Npgsql connection string.</param>
    /// <param name="name">Name of the pool in metrics, which would otherwise show the connection string without its password.</param>
    public static NpgsqlDataSource Open(string connection, string name)
    {
        var text = new NpgsqlConnectionStringBuilder(connection);
        // Prepare statements automatically, because the app repeats a small number of them. A connection string may turn this off for a pooler that does not support prepared statements.
        if (!text.ShouldSerialize("Max Auto Prepare"))
            text.MaxAutoPrepare = 100;
        // The app changes no connection state beyond a transaction, so a connection needs no reset when it returns to the pool.
        if (!text.ShouldSerialize("No Reset On Close"))
            text.NoResetOnClose = true;
        var source = new NpgsqlDataSourceBuilder(text.ConnectionString) { Name = name };
        // Plan each execution for the current parameters and table sizes. A cached plan from when a table was empty is wrong after a hundred
        // thousand rows were added.
        source.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = PlanEachTime(connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = PlanEachTime(connection);
                await command.ExecuteNonQueryAsync();
            });
        // Statements of timers and background loops belong to no trace.
        source.ConfigureTracing(tracing => tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null).ConfigureBatchFilter(_ => Activity.Current is not null).EnablePhysicalOpenTracing(false));
        return source.Build();

        static NpgsqlCommand PlanEachTime(NpgsqlConnection connection) => new("SET plan_cache_mode = force_custom_plan", connection);
    }
}
