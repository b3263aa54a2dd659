using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using VisionPlatform.Functions.Embedded.Official;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using static VisionPlatform.Functions.Embedded.Tests.Worker.DurableFunctionTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

/// <summary>Orchestrators and activities as the engine calls them, through the app's pipeline.</summary>
public sealed class DurableFunctionTests(PostgresServer postgres)
{
    [Fact]
    public async Task Activities_run_through_middleware_with_input_instance_id_and_services()
    {
        var trail = new List<string>();
        using IHost host = await BuildAsync(trail);
        IDurableFunctions functions = host.Services.GetRequiredService<IDurableFunctions>();

        object? result = await functions.RunActivityAsync(Call("Measure", """{"Width":3,"Height":4}"""), CancellationToken.None);

        Assert.Equal(12, result);
        Assert.Equal(["Measure: instance-1", "instance-1 True"], trail);
        Assert.True(functions.HasActivity("measure"));
        Assert.False(functions.HasActivity("Greet"));
        Assert.True(functions.HasOrchestrator("Greet"));
    }

    [Fact]
    public async Task An_activity_fails_with_its_own_exception()
    {
        using IHost host = await BuildAsync([]);
        IDurableFunctions functions = host.Services.GetRequiredService<IDurableFunctions>();

        await Assert.ThrowsAsync<DivideByZeroException>(() => functions.RunActivityAsync(Call("Divides", null), CancellationToken.None));
        var e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => functions.RunActivityAsync(Call("Measure", "\"text\""), CancellationToken.None));
        Assert.Contains("activity function 'Measure'", e.Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => functions.RunActivityAsync(Call("Nobody", null), CancellationToken.None));
    }

    [Fact]
    public async Task An_activity_is_cancelled_by_the_engines_token()
    {
        using IHost host = await BuildAsync([]);
        using var cancel = new CancellationTokenSource();
        Task<object?> run = host.Services.GetRequiredService<IDurableFunctions>().RunActivityAsync(Call("Waits", "1"), cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.EndsAsync());
    }

    [Fact]
    public async Task Orchestrators_run_on_the_thread_of_the_turn_before_and_after_an_await()
    {
        var trail = new List<string>();
        using IHost host = await BuildAsync(trail);
        var execution = new OrchestrationExecution(
            new InstanceRow("i", Guid.NewGuid(), "Greet") { Input = "\"ann\"" },
            host.Services.GetRequiredService<IDurableFunctions>(),
            host.Services.GetRequiredService<DataConverter>(),
            NullLoggerFactory.Instance);
        TurnOutcome begun = null!, ended = null!;
        var thread = new Thread(() =>
        {
            begun = execution.RunTurn([new HistoryEvent(EventKind.ExecutionStarted, DateTime.UnixEpoch)], DateTime.UnixEpoch);
            ended = execution.RunTurn(
                [new HistoryEvent(EventKind.TaskCompleted, DateTime.UnixEpoch) { TaskId = begun.Actions.Single().TaskId, Data = "\"hi\"" }], DateTime.UnixEpoch);
        });
        thread.Start();
        thread.Join();

        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.Status);
        Assert.Equal("\"hi ann\"", ended.Output);
        Assert.Equal([$"{thread.ManagedThreadId}", $"{thread.ManagedThreadId}"], trail);
    }

    [Fact]
    public async Task An_http_function_starts_an_orchestration_and_returns_its_management_urls()
    {
        var trail = new ConcurrentQueue<string>();
        await using RunningApp app = await RunningApp.StartAsync(
            [typeof(EndToEndFunctions)], new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() },
            b => b.UseMiddleware(async (context, next) =>
            {
                await next();
                trail.Enqueue($"{context.FunctionDefinition.Name}: {context.GetInvocationResult().Value}");
            }));

        HttpResponseMessage answer = await app.Client.PostAsync("/api/double/21", null).EndsAsync();
        JsonElement body = await answer.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(42, body.GetProperty("result").GetInt32());
        string url = body.GetProperty("urls").GetProperty("statusQueryGetUri").GetString()!;
        Assert.StartsWith($"{app.Address}runtime/webhooks/durabletask/instances/", url);
        Assert.DoesNotContain(RunningApp.MasterKey, url);
        Assert.Contains("Doubling: 42", trail);
        Assert.Contains("Double: 42", trail);
    }

    [Fact]
    public void Management_urls_contain_instance_and_key()
    {
        DurableTaskClient client = WorkerInternals.Instance.NewClient(new Unused(), "code=k%2F1", "http://host:1/runtime/webhooks/durabletask");

        HttpManagementPayload payload = client.CreateHttpManagementPayload("job 1");

        const string instance = "http://host:1/runtime/webhooks/durabletask/instances/job%201";
        Assert.Equal("job 1", payload.Id);
        Assert.Equal($"{instance}?code=k%2F1", payload.StatusQueryGetUri);
        Assert.Equal($"{instance}/raiseEvent/{{eventName}}?code=k%2F1", payload.SendEventPostUri);
        Assert.Equal($"{instance}/terminate?reason={{text}}&code=k%2F1", payload.TerminatePostUri);
        Assert.Throws<InvalidOperationException>(() => new Unused().CreateHttpManagementPayload("job"));
    }

    private static ActivityCall Call(string name, string? input) => new(new ActivityKey("instance-1", Guid.Empty, 0), name, input, "", null);

    private async Task<IHost> BuildAsync(List<string> trail)
        => RunningApp.Create([typeof(DurableFunctions)], new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() }, b =>
        {
            b.Services.AddSingleton(trail);
            b.UseMiddleware(async (context, next) =>
            {
                if (context.FunctionDefinition.Name == "Measure")
                    trail.Add($"{context.FunctionDefinition.Name}: {context.BindingContext.BindingData["instanceId"]}");
                await next();
            });
        }).Build();

    public sealed record Area(int Width, int Height);

    private sealed class Unused() : DurableTaskClient("unused")
    {
        public override Task<string> ScheduleNewOrchestrationInstanceAsync(
            TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
            => throw new NotSupportedException();

        public override Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
            => throw new NotSupportedException();

        public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
            string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

        public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
            string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

        public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
            => throw new NotSupportedException();

        public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
            => throw new NotSupportedException();

        public override Task<OrchestrationMetadata?> GetInstancesAsync(
            string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

        public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(
            OrchestrationQuery? filter = null) => throw new NotSupportedException();

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

public static class EndToEndFunctions
{
    [Function("StartDoubling")]
    public static async Task<IActionResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "double/{number:int}")] HttpRequest request,
        int number, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        string id = await client.ScheduleNewOrchestrationInstanceAsync("Doubling", number, cancellation);
        OrchestrationMetadata done = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellation);
        return new OkObjectResult(new { result = done.ReadOutputAs<int>(), urls = client.CreateHttpManagementPayload(id) });
    }

    [Function("Doubling")]
    public static Task<int> Doubling([OrchestrationTrigger] TaskOrchestrationContext context, int number)
        => context.CallActivityAsync<int>("Double", number);

    [Function("Double")]
    public static int Double([ActivityTrigger] int number) => 2 * number;
}

public sealed class DurableFunctions(List<string> trail)
{
    [Function("Measure")]
    public async Task<int> Measure([ActivityTrigger] Area area, string instanceId, FunctionContext context, CancellationToken cancellation)
    {
        await Task.Yield();
        trail.Add($"{instanceId} {cancellation.CanBeCanceled}");
        return area.Width * area.Height;
    }

    [Function("Divides")]
    public static void Divides([ActivityTrigger] object? input) => throw new DivideByZeroException();

    [Function("Waits")]
    public static Task Waits([ActivityTrigger] int input, CancellationToken cancellation) => Task.Delay(Timeout.Infinite, cancellation);

    [Function("Greet")]
    public async Task<string> Greet([OrchestrationTrigger] TaskOrchestrationContext context, string name)
    {
        trail.Add($"{Environment.CurrentManagedThreadId}");
        string greeting = await context.CallActivityAsync<string>("Say");
        trail.Add($"{Environment.CurrentManagedThreadId}");
        return $"{greeting} {name}";
    }
}
