using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace VisionPlatform.ModelServer.Tests;

/// <summary>How models come into memory and leave it, and what is answered meanwhile and when they cannot.</summary>
public sealed class LoadingTests(ModelFolder models)
{
    private static readonly byte[] Red = ServingTests.Plain(8, 8, (1, 0, 0));

    [Fact]
    public async Task A_cold_model_says_so_until_it_is_ready()
    {
        await using var server = await ServerProcess.StartAsync();
        var held = models.Held = new TaskCompletionSource();
        try
        {
            var unknown = await server.SendAsync(HttpMethod.Post, "/v1/models/one/predict", ServerProcess.Frames(Red));
            var load = await server.SendAsync(HttpMethod.Put, "/v1/models/one", JsonContent.Create(models.Request("classifier")));
            var early = await server.SendAsync(HttpMethod.Post, "/v1/models/one/predict", ServerProcess.Frames(Red));

            Assert.Equal((HttpStatusCode.NotFound, "MODEL_NOT_LOADED"), (unknown.Status, unknown.Body.GetProperty("code").GetString()));
            Assert.Equal((HttpStatusCode.Accepted, "loading"), (load.Status, load.Body.GetProperty("state").GetString()));
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "MODEL_LOADING"), (early.Status, early.Body.GetProperty("code").GetString()));
            Assert.Equal("loading", early.Body.GetProperty("readiness").GetProperty("state").GetString());
            Assert.NotNull(early.Headers.RetryAfter);
        }
        finally
        {
            models.Held = null;
            held.SetResult();
        }
        Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("one", models.Request("classifier"))).Status);
        Assert.Single(await server.PredictAsync("one", Red));
    }

    [Fact]
    public async Task Without_the_key_only_the_health_is_answered()
    {
        await using var server = await ServerProcess.StartAsync();

        foreach (var key in (string?[])[null, "another key", ""])
        {
            var load = await server.SendAsync(HttpMethod.Put, "/v1/models/one", JsonContent.Create(models.Request("classifier")), key);
            Assert.Equal((HttpStatusCode.Unauthorized, "UNAUTHENTICATED"), (load.Status, load.Body.GetProperty("code").GetString()));
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync(HttpMethod.Get, "/metrics", key: key)).Status);
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/health", key: key)).Status);
        }
    }

    [Fact]
    public async Task A_file_that_is_not_the_announced_model_is_refused()
    {
        await using var server = await ServerProcess.StartAsync();
        var whole = await File.ReadAllBytesAsync(Path.Combine(models.Folder, "classifier.onnx"));
        await File.WriteAllBytesAsync(Path.Combine(models.Folder, "cut.onnx"), whole[..(whole.Length / 2)]);
        await File.WriteAllTextAsync(Path.Combine(models.Folder, "text.onnx"), "no model");
        var classifier = JsonSerializer.SerializeToElement(models.Request("classifier"));

        var otherHash = await server.LoadAsync("hash", models.Request("cut", classifier.GetProperty("sha256").GetString()));
        var truncated = await server.LoadAsync("cut", models.Request("cut"));
        var text = await server.LoadAsync("text", models.Request("text"));
        var format = await server.LoadAsync("format", models.Request("classifier", format: "torchscript"));
        var metadata = await server.LoadAsync("metadata", models.Request("classifier", metadata: JsonElement.Parse("""{"classes":["a"]}""")));
        var classes = await server.LoadAsync("classes", models.Request("classifier", metadata: JsonElement.Parse(File.ReadAllText(Path.Combine(models.Folder, "classifier.json")).Replace("\"red\", ", "", StringComparison.Ordinal))));

        foreach (var (status, body) in new[] { otherHash, truncated, text, metadata, classes })
        {
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "MODEL_INVALID"), (status, body.GetProperty("code").GetString()));
            Assert.Equal("failed", body.GetProperty("readiness").GetProperty("state").GetString());
        }
        Assert.Contains("SHA-256", otherHash.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("UNKNOWN_MODEL_FORMAT", format.Body.GetProperty("code").GetString());
        // Nothing of them stays on disk but what the announced hash belongs to.
        Assert.DoesNotContain(Directory.GetFiles(server.Cache), file => file.EndsWith(".part", StringComparison.Ordinal) || file.Contains(classifier.GetProperty("sha256").GetString()!, StringComparison.Ordinal) && new FileInfo(file).Length != whole.Length);
        Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("good", models.Request("classifier"))).Status);
    }

    [Fact]
    public async Task A_download_that_fails_can_be_tried_again()
    {
        await using var server = await ServerProcess.StartAsync();
        var missing = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(JsonSerializer.Serialize(models.Request("classifier")))!;
        missing["url"] = JsonSerializer.SerializeToElement(new Uri(models.Address, "nothing.onnx"));

        var (status, body) = await server.LoadAsync("one", missing);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "STORAGE_ERROR", "transient"), (status, body.GetProperty("code").GetString(), body.GetProperty("category").GetString()));
    }

    [Fact]
    public async Task A_damaged_file_in_the_cache_is_downloaded_again()
    {
        await using var server = await ServerProcess.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("one", models.Request("classifier"))).Status);
        var file = Assert.Single(Directory.GetFiles(server.Cache));
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, "/v1/models/one")).Status);
        await File.WriteAllTextAsync(file, "damaged");

        Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("one", models.Request("classifier"))).Status);
        Assert.Equal("red", (await server.PredictAsync("one", Red))[0].GetProperty("class").GetString());
    }

    [Fact]
    public async Task A_model_that_needs_more_memory_than_there_is_is_refused_and_the_others_go_on()
    {
        await using var server = await ServerProcess.StartAsync(("MODEL_SERVER_MEMORY_MB", "300"));
        Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("small", models.Request("classifier"))).Status);

        // The file is small; running it takes 2 GB.
        var (status, body) = await server.LoadAsync("hog", models.Request("hog"));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "MODEL_TOO_LARGE"), (status, body.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("small", models.Request("classifier"))).Status);
        Assert.Equal("red", (await server.PredictAsync("small", Red))[0].GetProperty("class").GetString());
    }

    [Fact]
    public async Task A_model_larger_than_the_budget_is_not_even_downloaded()
    {
        await using var server = await ServerProcess.StartAsync(("MODEL_SERVER_MEMORY_MB", "30"));
        var before = models.Downloads;

        var (status, body) = await server.LoadAsync("heavy", models.Request("heavy"));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "MODEL_TOO_LARGE"), (status, body.GetProperty("code").GetString()));
        Assert.Empty(Directory.GetFiles(server.Cache));
    }

    [Fact]
    public async Task The_model_that_was_not_used_for_the_longest_time_leaves_when_memory_is_needed()
    {
        await using var server = await ServerProcess.StartAsync(("MODEL_SERVER_MEMORY_MB", "230"));
        foreach (var id in (string[])["one", "two"])
            Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync(id, models.Request("heavy"))).Status);
        var held = await IdsAsync(server);
        await server.PredictAsync("one", Red);
        for (var next = 3; next < 40 && (await IdsAsync(server)).Contains("two"); next++)
            Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync($"more-{next}", models.Request("heavy"))).Status);

        Assert.Contains("two", held);
        Assert.Contains("one", await IdsAsync(server));
        var gone = await server.SendAsync(HttpMethod.Post, "/v1/models/two/predict", ServerProcess.Frames(Red));
        Assert.Equal("MODEL_NOT_LOADED", gone.Body.GetProperty("code").GetString());
        // The file is still on disk: it comes back without a download.
        var before = models.Downloads;
        Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("two", models.Request("heavy"))).Status);
        Assert.Equal(before, models.Downloads);
    }

    [Fact]
    public async Task Thirty_loads_and_many_calls_leave_no_memory_behind()
    {
        await using var server = await ServerProcess.StartAsync(("MODEL_SERVER_MEMORY_MB", "500"));
        async Task RoundAsync()
        {
            Assert.Equal(HttpStatusCode.OK, (await server.LoadAsync("one", models.Request("heavy"))).Status);
            for (var call = 0; call < 10; call++)
                Assert.Equal(4, (await server.PredictAsync("one", Red, Red, [1], Red)).Length);
            Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, "/v1/models/one")).Status);
        }

        for (var i = 0; i < 3; i++)
            await RoundAsync();
        var before = server.WorkingSet;
        for (var i = 0; i < 30; i++)
            await RoundAsync();

        // Models that stayed would take 600 MB or more. What the collector has not given back yet goes up and down by up to 260 MB.
        Assert.InRange(server.WorkingSet - before, long.MinValue, 400_000_000);
    }

    [Fact]
    public async Task A_server_that_others_can_reach_does_not_start_without_a_key()
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "model-server.dll")])
        {
            RedirectStandardError = true, Environment = { ["ASPNETCORE_URLS"] = "http://0.0.0.0:0", ["MODEL_SERVER_API_KEY"] = "" },
        })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("MODEL_SERVER_API_KEY", said, StringComparison.Ordinal);
    }

    private static async Task<List<string>> IdsAsync(ServerProcess server) =>
        [.. (await server.SendAsync(HttpMethod.Get, "/v1/models")).Body.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}
