using Microsoft.DurableTask.Client;
using Npgsql;
using VisionPlatform.Application.Operations;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Functions.Embedded.Tests.Durable;
using VisionPlatform.Infrastructure.DatabaseCopy;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary>Copies of databases as orchestrations of the embedded engine.</summary>
public sealed class CopyDatabaseTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly DurableDatabase _durable = new(postgres);
    private readonly DataLocations _locations = new();

    public async ValueTask InitializeAsync()
    {
        await _durable.InitializeAsync();
        foreach (var name in new[] { "source", "target" })
            _locations.AddDatabase(name, PostgresServer.KeyValue(await postgres.NewDatabaseAsync()));
        await ExecuteAsync("source", "CREATE TABLE things (id int PRIMARY KEY); INSERT INTO things SELECT generate_series(1, 100)");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_copy_goes_through_its_steps_and_compares_the_rows()
    {
        await using var engine = await _durable.StartAsync(Functions());

        var copied = await engine.RunAsync(nameof(CopyDatabase), new DatabaseCopyRequest("source", "target", null, 2));
        var compared = await engine.RunAsync(nameof(VerifyDatabases), new DatabaseComparisonRequest("source", "target", 2));

        Assert.Equal((1, 100), (copied.ReadOutputAs<DatabaseCopyReport>()!.Tables, copied.ReadOutputAs<DatabaseCopyReport>()!.Rows));
        Assert.Empty(compared.ReadOutputAs<DatabaseComparison>()!.Differences);
    }

    [Fact]
    public async Task A_target_that_has_rows_fails_the_copy_at_once_with_one_sentence()
    {
        await using var engine = await _durable.StartAsync(Functions());
        await ExecuteAsync("target", "CREATE TABLE precious (id int); INSERT INTO precious VALUES (1)");

        var end = await engine.RunAsync(nameof(CopyDatabase), new DatabaseCopyRequest("source", "target", null, 2));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.StartsWith("the target has rows in public.precious", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    private TestFunctions Functions()
    {
        var activities = new CopyDatabaseActivities(new DatabaseCopies(_locations, new OperationMeter()));
        var comparison = new VerifyDatabasesActivities(new DatabaseCopies(_locations, new OperationMeter()));
        return new TestFunctions()
            .Orchestrator(nameof(CopyDatabase), CopyDatabase.RunAsync)
            .Orchestrator(nameof(VerifyDatabases), VerifyDatabases.RunAsync)
            .Activity<CopyStep, PreflightReport>(nameof(activities.PreflightCopy), activities.PreflightCopy)
            .Activity<CopyStep, CopiedRows>(nameof(activities.CopyRows), activities.CopyRows)
            .Activity<CopyStep, bool>(nameof(activities.PrepareCopy), (step, stop) => DoneAsync(activities.PrepareCopy(step, stop)))
            .Activity<CopyStep, bool>(nameof(activities.BuildCopyIndexes), (step, stop) => DoneAsync(activities.BuildCopyIndexes(step, stop)))
            .Activity<CopyStep, bool>(nameof(activities.FinishCopy), (step, stop) => DoneAsync(activities.FinishCopy(step, stop)))
            .Activity<CopyStep, bool>(nameof(activities.VerifyCopy), (step, stop) => DoneAsync(activities.VerifyCopy(step, stop)))
            .Activity<CopyStep, bool>(nameof(activities.CloseCopy), (step, stop) => DoneAsync(activities.CloseCopy(step, stop)))
            .Activity<TablesToRead, Dictionary<string, TableContent>>(nameof(comparison.ReadTables), comparison.ReadTables);
    }

    private static async Task<bool> DoneAsync(Task work)
    {
        await work;
        return true;
    }

    private async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(_locations.Database(database));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
