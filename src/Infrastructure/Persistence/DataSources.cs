using Npgsql;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>How the app connects to PostgreSQL. What an address says itself goes before what is set here.</summary>
internal static class DataSources
{
    public static NpgsqlDataSource Open(string connection)
    {
        var text = new NpgsqlConnectionStringBuilder(connection);
        // The same few statements are sent again and again: parse each once a connection. An address may forbid it, for a pooler that keeps no prepared statements.
        if (!text.ShouldSerialize("Max Auto Prepare"))
            text.MaxAutoPrepare = 100;
        // The app sets nothing on a connection beyond a transaction, so nothing has to be undone when one goes back to the pool.
        if (!text.ShouldSerialize("No Reset On Close"))
            text.NoResetOnClose = true;
        var source = new NpgsqlDataSourceBuilder(text.ConnectionString);
        // Plan each execution for the present sizes of tables and parameters: a plan made while a table was empty is wrong for the hundred
        // thousand rows that come a minute later.
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
        return source.Build();

        static NpgsqlCommand PlanEachTime(NpgsqlConnection connection) => new("SET plan_cache_mode = force_custom_plan", connection);
    }
}
