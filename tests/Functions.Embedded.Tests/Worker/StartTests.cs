using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

public sealed class StartTests
{
    [Theory]
    [InlineData(typeof(SameRoute), "'A' and 'B' both answer GET /api/x/{number:int}")]
    [InlineData(typeof(BadRoute), "'Bad'", "route that cannot be read")]
    public async Task Invalid_functions_stop_the_start_and_are_named(Type functions, params string[] parts)
    {
        string message = await FailureOfStartAsync(RunningApp.Create([functions]));

        Assert.All(parts, part => Assert.Contains(part, message));
    }

    [Theory]
    [InlineData("{ \"version\": \"2.0\",\n  \"extensions\": oops }", "host.json", "line 2, column")]
    [InlineData("[]", "host.json", "must hold a JSON object")]
    [InlineData("{ \"version\": \"2.0\", \"extensions\": { \"durableTask\": { \"retentionDays\": \"a week\" } } }", "retentionDays", "a week", "a number of days")]
    [InlineData("""{ "version": "1.0" }""", "'version' is \"1.0\" but must be \"2.0\"")]
    [InlineData("""{ "functionTimeout": "soon" }""", "'functionTimeout' is \"soon\"")]
    [InlineData("""{ "extensions": { "durableTask": { "maxConcurrentActivityFunctions": 0 } } }""", "'extensions.durableTask.maxConcurrentActivityFunctions' is \"0\" but must be a positive number")]
    public async Task An_invalid_host_json_stops_the_start_and_its_error_is_named(string hostJson, params string[] parts)
    {
        string message = await FailureOfStartAsync(RunningApp.Create([], hostJson: hostJson));

        Assert.All(parts, part => Assert.Contains(part, message));
    }

    [Fact]
    public void The_environment_overrides_local_settings()
    {
        Environment.SetEnvironmentVariable("EMBEDDED_TEST_BOTH", "environment");
        FunctionsApplicationBuilder builder = RunningApp.Create([], localSettings: """
            {
              // as the tools write it
              "IsEncrypted": false,
              "Values": { "EMBEDDED_TEST_BOTH": "file", "EMBEDDED_TEST_FILE": "file", "Nested__Key": "nested" },
              "ConnectionStrings": { "main": "x" },
            }
            """);

        Assert.Equal("environment", builder.Configuration["EMBEDDED_TEST_BOTH"]);
        Assert.Equal("file", builder.Configuration["EMBEDDED_TEST_FILE"]);
        Assert.Equal("nested", builder.Configuration["Nested:Key"]);
        Assert.Equal("x", builder.Configuration.GetConnectionString("main"));
    }

    [Fact]
    public void Log_levels_of_host_json_apply()
    {
        FunctionsApplicationBuilder builder = RunningApp.Create(
            [], hostJson: """{ "logging": { "logLevel": { "default": "Error", "Microsoft.AspNetCore": "Trace" } } }""");

        Assert.Equal("Error", builder.Configuration["Logging:LogLevel:Default"]);
        Assert.Equal("Trace", builder.Configuration["Logging:LogLevel:Microsoft.AspNetCore"]);
    }

    [Fact]
    public async Task A_class_with_the_name_of_a_function_stops_the_start()
    {
        FunctionsApplicationBuilder builder = RunningApp.Create([typeof(EndToEndFunctions)]);
        builder.Services.Configure<DurableTaskRegistry>(registry => registry.AddActivity<ClassFunctionTests.Greet>(string.Concat("Dou", "ble")));

        string message = await FailureOfStartAsync(builder);

        Assert.Contains("Two functions are named 'Double'", message);
    }

    [Fact]
    public void A_builder_builds_once()
    {
        FunctionsApplicationBuilder builder = RunningApp.Create([]);
        builder.Build();

        Assert.Throws<InvalidOperationException>(builder.Build);
    }

    [Theory]
    [InlineData("postgresql://ann:p%40ss@db.example:6543/plat?sslmode=require", "Host=db.example;Port=6543;Database=plat;Username=ann;Password=p@ss;SSL Mode=Require")]
    [InlineData("postgres://ann@db.example/plat", "Host=db.example;Port=5432;Database=plat;Username=ann")]
    [InlineData("Host=db.example;Database=plat;Username=ann", "Host=db.example;Database=plat;Username=ann")]
    public void Database_urls_and_connection_strings_are_read(string url, string expected)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", url)]).Build();

        Assert.StartsWith(expected, HostDatabase.ConnectionString(configuration));
    }

    [Fact]
    public void An_unreadable_database_url_is_named_but_not_shown()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", "postgresql://ann:hidden@:x/y")]).Build();

        string message = Assert.Throws<InvalidOperationException>(() => HostDatabase.ConnectionString(configuration)).Message;

        Assert.Contains("DATABASE_URL", message);
        Assert.DoesNotContain("hidden", message);
    }

    private static async Task<string> FailureOfStartAsync(FunctionsApplicationBuilder builder)
    {
        using IHost host = builder.Build();
        return (await Assert.ThrowsAnyAsync<InvalidOperationException>(() => host.StartAsync(TestContext.Current.CancellationToken))).Message;
    }
}

public static class SameRoute
{
    [Function("A")]
    public static void A([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "x/{id:int}")] HttpRequest request, int id)
    {
    }

    [Function("B")]
    public static void B([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "x/{number:int}")] HttpRequest request, int number)
    {
    }
}

public static class BadRoute
{
    [Function("Bad")]
    public static void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "x/{id")] HttpRequest request)
    {
    }
}
