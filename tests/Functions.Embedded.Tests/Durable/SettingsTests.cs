using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

public sealed class SettingsTests
{
    [Fact]
    public void A_database_url_becomes_a_connection_string()
    {
        var parsed = new NpgsqlConnectionStringBuilder(DurableEngineOptions.ParseConnectionString(
            "postgresql://us%40er:p%3Aw@db.example:6543/railway?sslmode=require&application_name=x"));

        Assert.Equal(("db.example", 6543, "railway", "us@er", "p:w"), (parsed.Host, parsed.Port, parsed.Database, parsed.Username, parsed.Password));
        Assert.Equal((SslMode.Require, "x"), (parsed.SslMode, parsed.ApplicationName));
        Assert.Equal(SslMode.VerifyFull, new NpgsqlConnectionStringBuilder(
            DurableEngineOptions.ParseConnectionString("postgres://h/d?sslmode=verify-full")).SslMode);
    }

    [Fact]
    public void A_connection_string_is_unchanged_and_an_unknown_url_parameter_is_named()
    {
        Assert.Equal("Host=h;Database=d", DurableEngineOptions.ParseConnectionString("Host=h;Database=d"));
        Assert.Contains("colour", Assert.Throws<FormatException>(
            () => DurableEngineOptions.ParseConnectionString("postgres://h/d?colour=red")).Message);
    }

    [Fact]
    public void Settings_come_from_host_json_and_the_environment()
    {
        var options = new DurableEngineOptions();
        DurableEngineOptions.Read(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["DATABASE_URL"] = "postgres://h/platform",
                ["DURABLE_DATABASE_URL"] = "postgres://h/durable",
                ["AzureFunctionsJobHost:extensions:durableTask:hubName"] = "Vision",
                ["AzureFunctionsJobHost:extensions:durableTask:maxConcurrentActivityFunctions"] = "7",
                ["AzureFunctionsJobHost:extensions:durableTask:maxConcurrentOrchestratorFunctions"] = "0",
            }).Build(),
            options);

        Assert.Contains("Database=durable", options.ConnectionString);
        Assert.Equal(("Vision", 7), (options.HubName, options.MaxConcurrentActivities));
        Assert.Equal(new DurableEngineOptions().MaxConcurrentOrchestrators, options.MaxConcurrentOrchestrators);
    }

    [Theory]
    [InlineData(null, 30d)]
    [InlineData("2.5", 2.5)]
    [InlineData("0", null)]
    public void Ended_instances_are_kept_for_the_days_of_the_setting(string? setting, double? days)
    {
        var options = new DurableEngineOptions();
        DurableEngineOptions.Read(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["AzureFunctionsJobHost:extensions:durableTask:retentionDays"] = setting,
            }).Build(),
            options);

        Assert.Equal(days, options.Retention?.TotalDays);
    }

    [Fact]
    public async Task A_connection_string_overrides_the_number_of_connections_and_prepared_statements()
    {
        NpgsqlConnectionStringBuilder plain = await ConnectionStringFor("Host=h;Database=d");
        NpgsqlConnectionStringBuilder chosen = await ConnectionStringFor("Host=h;Maximum Pool Size=3;Max Auto Prepare=0");

        Assert.Equal((15, 80, "durable-engine"), (plain.MaxPoolSize, plain.MaxAutoPrepare, plain.ApplicationName));
        Assert.Equal((3, 0), (chosen.MaxPoolSize, chosen.MaxAutoPrepare));
    }

    private static async Task<NpgsqlConnectionStringBuilder> ConnectionStringFor(string given)
    {
        await using var store = new DurableStore(
            Options.Create(new DurableEngineOptions { ConnectionString = given }), TimeProvider.System, NullLogger<DurableStore>.Instance);
        return new NpgsqlConnectionStringBuilder(store.Database.ConnectionString);
    }
}
