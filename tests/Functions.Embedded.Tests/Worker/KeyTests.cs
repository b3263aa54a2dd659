using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using static VisionPlatform.Functions.Embedded.Tests.Worker.KeyTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

public sealed class KeyTests(PostgresServer postgres)
{
    [Theory]
    [InlineData("/api/Keyed")]
    [InlineData("/api/AdminOnly")]
    [InlineData("/admin/functions")]
    [InlineData("/admin/host/status")]
    public async Task A_request_without_the_right_key_answers_401(string path)
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(KeyFunctions)]);

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Client.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Client.GetAsync(path + "?code=wrong")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Client.GetAsync($"{path}?code={RunningApp.MasterKey}")).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "x-functions-key", RunningApp.MasterKey } } };
        Assert.Equal(HttpStatusCode.OK, (await app.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_function_key_grants_access_to_functions_but_not_to_the_admin_interface()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(KeyFunctions)]);
        JsonElement keys = await app.Client.GetFromJsonAsync<JsonElement>($"/admin/host/keys?code={RunningApp.MasterKey}");
        string key = keys.GetProperty("keys")[0].GetProperty("value").GetString()!;

        Assert.Equal("keyed", await app.Client.GetStringAsync("/api/Keyed?code=" + key));
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Client.GetAsync("/api/AdminOnly?code=" + key)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Client.GetAsync("/admin/functions?code=" + key)).StatusCode);
    }

    [Fact]
    public async Task A_generated_master_key_is_shared_by_all_processes()
    {
        string database = await postgres.NewDatabaseAsync();
        Dictionary<string, string?> settings = new() { ["FUNCTIONS_MASTER_KEY"] = null, ["DATABASE_URL"] = database };
        string? Key(RunningApp app) => app.Host.Services.GetRequiredService<HostKeys>().Master;

        await using RunningApp first = await RunningApp.StartAsync([typeof(KeyFunctions)], settings);
        await using RunningApp second = await RunningApp.StartAsync([typeof(KeyFunctions)], settings);

        Assert.Equal(Key(first), Key(second));
        Assert.True(Key(first)!.Length >= 43);
        Assert.Equal(HttpStatusCode.OK, (await second.Client.GetAsync("/admin/functions?code=" + Key(first))).StatusCode);
    }

    [Fact]
    public async Task The_admin_interface_lists_functions_with_their_bindings()
    {
        await using RunningApp app = await RunningApp.StartAsync([typeof(KeyFunctions)]);

        JsonElement list = await app.Client.GetFromJsonAsync<JsonElement>($"/admin/functions?code={RunningApp.MasterKey}");
        JsonElement status = await app.Client.GetFromJsonAsync<JsonElement>($"/admin/host/status?code={RunningApp.MasterKey}");

        Assert.Equal(["AdminOnly", "Keyed"], list.EnumerateArray().Select(f => f.GetProperty("name").GetString()));
        Assert.EndsWith("/api/AdminOnly", list[0].GetProperty("invoke_url_template").GetString());
        Assert.Equal("httpTrigger", list[0].GetProperty("config").GetProperty("bindings")[0].GetProperty("type").GetString());
        Assert.Equal("Running", status.GetProperty("state").GetString());
    }
}

public static class KeyFunctions
{
    [Function("Keyed")]
    public static IActionResult Keyed([HttpTrigger("get")] HttpRequest request) => new OkObjectResult("keyed");

    [Function("AdminOnly")]
    public static IActionResult AdminOnly([HttpTrigger(AuthorizationLevel.Admin, "get")] HttpRequest request) => new OkObjectResult("admin");
}
