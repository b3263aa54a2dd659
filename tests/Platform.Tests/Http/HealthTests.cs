using System.Net;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

public sealed class HealthTests(PlatformHost host) : PlatformTests(host)
{
    [Theory]
    [InlineData("/health/ready")]
    [InlineData("/api/v1/health/ready")]
    public async Task The_app_is_ready_when_every_service_answers(string path)
    {
        using var anybody = Host.App.NewClient();

        var ready = await ReadyAsync(anybody, answer => answer.Text("status") == "ok", path);

        Assert.Equal("ok", StatusOf(ready, "user_database"));
        Assert.Equal("ok", StatusOf(ready, "platform_database"));
        Assert.Equal("ok", StatusOf(ready, "external_storage"));
        Assert.Equal("ok", StatusOf(ready, "internal_storage"));
    }

    [Fact]
    public async Task The_app_is_not_ready_without_the_schema_and_names_the_command_to_run()
    {
        var databases = await Host.NewDatabasesAsync(migrated: false);
        await using var app = await Host.StartAppAsync(databases, untilPath: "/health/live");
        using var anybody = app.NewClient();

        var ready = await ReadyAsync(anybody, answer => new[] { "user_database", "platform_database" }.All(name => DetailOf(answer, name) is { } detail && detail.Contains("schema", StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Contains("platform-cli database migrate", CheckOf(ready, "user_database").GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("platform-cli database migrate", CheckOf(ready, "platform_database").GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await anybody.SignInAsync("somebody@platform.test")).Expect(503, "SCHEMA_BEHIND");
    }

    [Fact]
    public async Task Unavailable_services_are_reported_separately()
    {
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?>
        {
            ["TRAINER_TORCHVISION_URL"] = "http://127.0.0.1:9", ["INTERNAL_STORAGE_ENDPOINT"] = "http://127.0.0.1:9",
        }, untilPath: "/health/live");
        using var anybody = app.NewClient();

        var ready = await ReadyAsync(anybody, answer => StatusOf(answer, "external_storage") == "ok");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Equal("degraded", StatusOf(ready, "trainer_torchvision"));
        Assert.Equal("unavailable", StatusOf(ready, "internal_storage"));
        Assert.Equal("ok", StatusOf(ready, "external_storage"));
        Assert.DoesNotContain("127.0.0.1", ready.RawText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unavailable_trainer_degrades_the_app()
    {
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?> { ["TRAINER_TORCHVISION_URL"] = "http://127.0.0.1:9" });
        using var anybody = app.NewClient();

        Assert.Equal("degraded", (await ReadyAsync(anybody, answer => answer.Status == HttpStatusCode.OK)).Text("status"));
    }

    /// <summary>The first answer that fulfils the condition. On a busy machine a service that works may not answer in the short time that each check has.</summary>
    private static async Task<ApiAnswer> ReadyAsync(ApiClient client, Func<ApiAnswer, bool> condition, string path = "/health/ready")
    {
        ApiAnswer? last = null;
        await Waiting.UntilAsync(async () => condition(last = await client.GetAsync(path)), "the expected state of the services");
        return last!;
    }

    private static string? DetailOf(ApiAnswer ready, string check) => CheckOf(ready, check).GetProperty("detail").GetString();

    internal static string StatusOf(ApiAnswer ready, string check) => CheckOf(ready, check).GetProperty("status").GetString()!;

    private static System.Text.Json.JsonElement CheckOf(ApiAnswer ready, string check) =>
        ready.Body.GetProperty("checks").EnumerateArray().Single(item => item.GetProperty("name").GetString() == check);
}
