using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.Configuration;
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
    public void A_connection_string_stays_as_it_is_and_an_unknown_parameter_is_named()
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
}
