using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Functions.Embedded;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

/// <summary>Orchestrators and activities as the engine calls them, through the app's pipeline.</summary>
public sealed class DurableFunctionTests(PostgresServer postgres)
{
    [Fact]
    public async Task Activities_get_their_input_the_instance_id_and_services_and_pass_through_middleware()
    {
        var trail = new List<string>();
        using IHost host = await BuildAsync(trail);
        IDurableFunctions functions = host.Services.GetRequiredService<IDurableFunctions>();

        object? result = await functions.RunActivityAsync("Measure", "instance-1", """{"Width":3,"Height":4}""", CancellationToken.None);

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

        await Assert.ThrowsAsync<DivideByZeroException>(() => functions.RunActivityAsync("Fails", "i", null, CancellationToken.None));
        var e = await Assert.ThrowsAsync<FunctionInputConverterException>(
            () => functions.RunActivityAsync("Measure", "i", "\"text\"", CancellationToken.None));
        Assert.Contains("'area'", e.Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => functions.RunActivityAsync("Nobody", "i", null, CancellationToken.None));
    }

    [Fact]
    public async Task The_engines_token_cancels_an_activity()
    {
        using IHost host = await BuildAsync([]);
        using var cancel = new CancellationTokenSource();
        Task<object?> run = host.Services.GetRequiredService<IDurableFunctions>().RunActivityAsync("Waits", "i", "1", cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Orchestrators_run_on_the_callers_thread_before_and_after_each_await()
    {
        using IHost host = await BuildAsync([]);
        IDurableFunctions functions = host.Services.GetRequiredService<IDurableFunctions>();
        var context = new ScriptedOrchestration("ann");
        Task<object?> run = null!;
        var thread = new Thread(() =>
        {
            run = functions.RunOrchestratorAsync("Greet", context);
            Assert.False(run.IsCompleted);
            context.Answer.SetResult("hi");
        });
        thread.Start();
        thread.Join();

        // Nothing was posted elsewhere: the run is over when the call that answered returns.
        Assert.True(run.IsCompleted);
        Assert.Equal("hi ann", await run);
        Assert.Equal([thread.ManagedThreadId, thread.ManagedThreadId], context.Threads);
    }

    [Fact]
    public async Task An_http_function_starts_an_orchestration_and_hands_out_its_management_urls()
    {
        var trail = new ConcurrentQueue<string>();
        await using RunningApp app = await RunningApp.StartAsync(
            [typeof(EndToEnd)], new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() },
            b => b.UseMiddleware(async (context, next) =>
            {
                await next();
                trail.Enqueue($"{context.FunctionDefinition.Name}: {context.GetInvocationResult().Value}");
            }));

        HttpResponseMessage answer = await app.Client.PostAsync("/api/double/21", null).WaitAsync(TimeSpan.FromSeconds(20));
        JsonElement body = await answer.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(42, body.GetProperty("result").GetInt32());
        string url = body.GetProperty("urls").GetProperty("statusQueryGetUri").GetString()!;
        Assert.StartsWith($"{app.Address}runtime/webhooks/durabletask/instances/", url);
        Assert.DoesNotContain(RunningApp.MasterKey, url);
        Assert.Contains("Doubling: 42", trail);
        Assert.Contains("Double: 42", trail);
    }

    [Fact]
    public void Management_urls_carry_instance_and_key()
    {
        var client = new FunctionsDurableTaskClient(new Unused(), new ManagementEndpoint("http://host:1/runtime/webhooks/durabletask", "k/1"));

        HttpManagementPayload payload = client.CreateHttpManagementPayload("job 1");

        const string instance = "http://host:1/runtime/webhooks/durabletask/instances/job%201";
        Assert.Equal("job 1", payload.Id);
        Assert.Equal($"{instance}?code=k%2F1", payload.StatusQueryGetUri);
        Assert.Equal($"{instance}/raiseEvent/{{eventName}}?code=k%2F1", payload.SendEventPostUri);
        Assert.Equal($"{instance}/terminate?reason={{text}}&code=k%2F1", payload.TerminatePostUri);
        Assert.Throws<InvalidOperationException>(() => new Unused().CreateHttpManagementPayload("job"));
    }

    private async Task<IHost> BuildAsync(List<string> trail)
        => RunningApp.Create([typeof(Functions)], new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() }, b =>
        {
            b.Services.AddSingleton(trail);
            b.UseMiddleware(async (context, next) =>
            {
                if (context.FunctionDefinition.Name == "Measure")
                    trail.Add($"{context.FunctionDefinition.Name}: {context.BindingContext.BindingData["instanceId"]}");
                await next();
            });
        }).Build();

    public static class EndToEnd
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

    public sealed record Area(int Width, int Height);

    public sealed class Functions(List<string> trail)
    {
        [Function("Measure")]
        public async Task<int> Measure([ActivityTrigger] Area area, string instanceId, FunctionContext context, CancellationToken cancellation)
        {
            await Task.Yield();
            trail.Add($"{instanceId} {cancellation.CanBeCanceled}");
            return area.Width * area.Height;
        }

        [Function("Fails")]
        public static void Fails([ActivityTrigger] object? input) => throw new DivideByZeroException();

        [Function("Waits")]
        public static Task Waits([ActivityTrigger] int input, CancellationToken cancellation) => Task.Delay(Timeout.Infinite, cancellation);

        [Function("Greet")]
        public static async Task<string> Greet([OrchestrationTrigger] TaskOrchestrationContext context, string name)
        {
            var scripted = (ScriptedOrchestration)context;
            scripted.Threads.Add(Environment.CurrentManagedThreadId);
            string greeting = await context.CallActivityAsync<string>("Say");
            scripted.Threads.Add(Environment.CurrentManagedThreadId);
            return $"{greeting} {name}";
        }
    }

    /// <summary>An orchestration whose one activity answers when the test says.</summary>
    private sealed class ScriptedOrchestration(string input) : TaskOrchestrationContext
    {
        public TaskCompletionSource<object> Answer { get; } = new();

        public List<int> Threads { get; } = [];

        public override TaskName Name => "Greet";

        public override string InstanceId => "i";

        public override ParentOrchestrationInstance? Parent => null;

        public override DateTime CurrentUtcDateTime => DateTime.UnixEpoch;

        public override bool IsReplaying => false;

        protected override ILoggerFactory LoggerFactory => NullLoggerFactory.Instance;

        public override T? GetInput<T>()
            where T : default => (T)(object)input;

        public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
            => (TResult)await Answer.Task;

        public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

        public override void SetCustomStatus(object? customStatus) => throw new NotSupportedException();

        public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
            => throw new NotSupportedException();

        public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();

        public override Guid NewGuid() => throw new NotSupportedException();
    }

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
