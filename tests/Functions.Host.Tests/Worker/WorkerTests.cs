using System.Text.Json;
using Microsoft.DurableTask.Protobuf;
using VisionPlatform.Functions.Host.Tests.Hosts.StandIn;
using VisionPlatform.Functions.Host.Tests.Hosts.StandIn.Rpc;
using VisionPlatform.Functions.Host.Tests.Publishing;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Worker;

/// <summary>
/// The published app as the worker of a Functions host: the official worker, its HTTP integration and the Durable extension's side of it, with
/// a stand-in for the host at the other end of the wire.
/// </summary>
public sealed class WorkerTests(WorkerLab lab) : IClassFixture<WorkerLab>
{
    [Fact]
    public async Task The_worker_reports_and_loads_every_function_that_was_published()
    {
        var published = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(lab.Folder, "functions.metadata"))).RootElement.EnumerateArray();
        var worker = await lab.Host.Worker;

        Assert.Equal(published.Select(function => function.GetProperty("name").GetString()).Order(), worker.Functions.Select(function => function.Name).Order());
        Assert.Equal(["http", "loopback"], [new Uri(worker.Capabilities["HttpUri"]).Scheme, new Uri(worker.Capabilities["HttpUri"]).IsLoopback ? "loopback" : "anywhere"]);
    }

    [Fact]
    public async Task Requests_reach_their_functions_and_answers_arrive_complete()
    {
        lab.Host.Requests.Clear();
        var project = (await lab.Admin.PostAsync("projects", new { name = "of the worker" })).Expect(201);
        Assert.Equal($"/api/v1/projects/{project.Id}", project.Headers.Location!.ToString());

        var read = (await lab.Admin.GetAsync($"projects/{project.Id}")).Expect(200);
        Assert.Equal("of the worker", read.Text("name"));
        Assert.NotNull(read.Headers.ETag);
        Assert.Equal(lab.Admin.Email, (await lab.Admin.GetAsync("auth/me")).Expect(200).Text("email"));
        Assert.All(lab.Host.Requests, request => Assert.Equal(StatusResult.Types.Status.Success, request.Result.Status));
    }

    [Fact]
    public async Task Parallel_requests_each_get_their_own_answer()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => lab.Admin.NewProjectAsync($"one of many, {i}")));

        var read = await Task.WhenAll(ids.Select(id => lab.Admin.GetAsync($"projects/{id}")));

        Assert.Equal(ids.Select((id, i) => (id, $"one of many, {i}")), read.Select(answer => (answer.Expect(200).Id, answer.Text("name")!)));
    }

    [Theory]
    [InlineData("GET", "nothing/here", null, 404, "NOT_FOUND")]
    [InlineData("PATCH", "auth/login", null, 405, "METHOD_NOT_ALLOWED")]
    [InlineData("POST", "projects", "{\"name\":", 400, "MALFORMED_JSON")]
    [InlineData("POST", "projects", "{\"nam\":\"x\"}", 422, "VALIDATION_FAILED")]
    public async Task A_failure_is_a_problem_under_a_functions_host_too(string method, string path, string? body, int status, string code)
    {
        var content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var problem = (await lab.Admin.SendAsync(HttpMethod.Parse(method), path, content)).Expect(status, code);
        Assert.Equal("application/problem+json", problem.ContentHeaders.ContentType!.MediaType);
        Assert.Matches("^[0-9a-f]{32}$", problem.Text("traceId"));
        // The embedded host sets them for every answer. Here only the app does.
        Assert.All(["X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy", "Referrer-Policy"], name => Assert.Single(problem.Headers.GetValues(name)));
    }

    [Fact]
    public async Task A_request_keeps_the_trace_of_its_caller()
    {
        var problem = await lab.Admin.SendAsync(HttpMethod.Get, "nothing/here", null, ("traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"));
        Assert.Equal("0123456789abcdef0123456789abcdef", problem.Expect(404).Text("traceId"));
    }

    [Fact]
    public async Task A_timer_runs()
    {
        var ran = await lab.Host.InvokeAsync("RemoveExpired", """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}""");
        Assert.True(ran.Result.Status == StatusResult.Types.Status.Success, ran.Result.Exception?.Message);
    }

    [Fact]
    public async Task A_dataset_is_published_by_the_turns_of_its_orchestrator_and_the_activity_it_asks_for()
    {
        var dataset = await lab.Admin.NewDatasetAsync();
        await lab.Admin.UploadAsync(dataset, DatasetClient.Files(4));
        var version = (await lab.Admin.PostAsync($"datasets/{dataset}/versions", new { })).Expect(202);

        var scheduled = lab.Host.TaskHub.Scheduled($"publish-{version.Id}");
        Assert.Equal(("PublishDatasetVersion", $"\"{version.Id}\""), (scheduled.Name, scheduled.Input));

        var history = new History(scheduled);
        var asked = Assert.Single((await lab.Host.TurnAsync("PublishDatasetVersion", history.Start())).Actions);
        Assert.Equal(("WriteDatasetVersion", $"\"{version.Id}\""), (asked.ScheduleTask.Name, History.InputOf(asked)));

        var written = await lab.Host.InvokeAsync("WriteDatasetVersion", History.InputOf(asked));
        Assert.True(written.Result.Status == StatusResult.Types.Status.Success, written.Result.Exception?.Message);

        var end = Assert.Single((await lab.Host.TurnAsync("PublishDatasetVersion", history.Completed(asked, written.ReturnValue.Json))).Actions).CompleteOrchestration;
        Assert.Equal(OrchestrationStatus.Completed, end.OrchestrationStatus);
        Assert.Equal(version.Id, JsonDocument.Parse(end.Result).RootElement.GetProperty("VersionId").GetGuid());
        Assert.Equal("ready", (await lab.Admin.GetAsync($"datasets/{dataset}/versions/{version.Id}")).Expect(200).Text("state"));
    }

    [Fact]
    public async Task A_function_that_throws_is_reported_as_failed_with_the_reason()
    {
        var failed = await lab.Host.InvokeAsync("WriteDatasetVersion", $"\"{Guid.CreateVersion7()}\"");

        Assert.Equal(StatusResult.Types.Status.Failure, failed.Result.Status);
        Assert.Contains("Sequence contains no elements", failed.Result.Exception.Message);
    }
}

/// <summary>The published app, started by the stand-in for a Functions host, with databases of its own.</summary>
public sealed class WorkerLab(PlatformHost installation, PublishedApp published) : IAsyncLifetime
{
    private FunctionsHostStandIn? _host;

    public string Folder { get; private set; } = "";

    public PlatformApp App { get; private set; } = null!;

    public ApiClient Admin { get; private set; } = null!;

    internal FunctionsHostStandIn Host => _host!;

    public async ValueTask InitializeAsync()
    {
        Folder = await published.FolderAsync();
        _host = new FunctionsHostStandIn(Folder);
        App = await installation.StartAppAsync(on: _host);
        Admin = await PlatformHost.SignInAdminAsync(App);
    }

    public async ValueTask DisposeAsync()
    {
        if (App is not null)
            await App.DisposeAsync();
        if (_host is not null)
            await _host.DisposeAsync();
    }
}
