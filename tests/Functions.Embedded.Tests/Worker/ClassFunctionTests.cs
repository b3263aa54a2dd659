using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using static VisionPlatform.Functions.Embedded.Tests.Worker.ClassFunctionTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

/// <summary>Orchestrators, activities and entities that are classes, and entities that are functions.</summary>
public sealed class ClassFunctionTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Registered_classes_run_with_services_and_their_input()
    {
        await using RunningApp app = await StartAsync();

        OrchestrationMetadata end = await RunAsync(app, "GreetEverybody", (string[])["Ann", "Bob"]);

        Assert.Equal((string[])["Hello Ann from Greet", "Hello Bob from Greet"], end.ReadOutputAs<string[]>());
    }

    [Theory]
    [InlineData("Counter")]
    [InlineData("ClassCounter")]
    [InlineData("StateCounter")]
    [InlineData("HandlerCounter")]
    public async Task An_entity_can_be_a_class_a_state_a_handler_or_an_object(string name)
    {
        await using RunningApp app = await StartAsync(typeof(EntityFunctions));
        var id = new EntityInstanceId(name, "k");

        OrchestrationMetadata end = await RunAsync(app, nameof(EntityFunctions.CallTwice), id);

        Assert.True(end.RuntimeStatus == OrchestrationRuntimeStatus.Completed, end.FailureDetails?.ToString());
        Assert.Equal(7, end.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Entities_are_signalled_read_and_listed_over_http()
    {
        await using RunningApp app = await StartAsync(typeof(EntityFunctions));
        app.Client.DefaultRequestHeaders.Add("x-functions-key", RunningApp.MasterKey);
        const string Root = "/runtime/webhooks/durabletask/entities";

        HttpResponseMessage signalled = await app.Client.PostAsync(
            $"{Root}/Counter/web?op=Add", new StringContent("5", Encoding.UTF8, "application/json"), Cancellation);
        HttpResponseMessage read = null!;
        await Eventually.TrueAsync(
            () => (read = app.Client.GetAsync($"{Root}/counter/web", Cancellation).GetAwaiter().GetResult()).StatusCode != HttpStatusCode.NotFound, "the entity has a state");
        JsonElement list = await app.Client.GetFromJsonAsync<JsonElement>($"{Root}/counter?fetchState=true", Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, signalled.StatusCode);
        Assert.Equal("5", await read.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(("counter", "web", 5), (
            list[0].GetProperty("entityId").GetProperty("name").GetString(),
            list[0].GetProperty("entityId").GetProperty("key").GetString(),
            list[0].GetProperty("state").GetInt32()));
        Assert.Equal(HttpStatusCode.NotFound, (await app.Client.GetAsync($"{Root}/counter/nobody", Cancellation)).StatusCode);
    }

    private async Task<RunningApp> StartAsync(params Type[] functions) => await RunningApp.StartAsync(
        functions, new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() }, builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            builder.ConfigureDurableWorker().AddTasks(tasks => tasks
                .AddOrchestrator<GreetAll>("GreetEverybody").AddActivity<Greet>(nameof(Greet)).AddEntity<ClassCounter>(nameof(ClassCounter)));
        });

    private static async Task<OrchestrationMetadata> RunAsync(RunningApp app, string name, object input)
    {
        var client = app.Host.Services.GetRequiredService<DurableTaskClient>();
        string id = await client.ScheduleNewOrchestrationInstanceAsync(name, input, Cancellation);
        return await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Cancellation).EndsAsync();
    }

    public sealed record Greeting(string Word);

    public sealed class GreetAll : TaskOrchestrator<string[], string[]>
    {
        public override async Task<string[]> RunAsync(TaskOrchestrationContext context, string[] input)
        {
            await context.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
            return await Task.WhenAll(input.Select(name => context.CallActivityAsync<string>(nameof(Greet), name)));
        }
    }

    public sealed class Greet(Greeting greeting) : TaskActivity<string, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input) =>
            Task.FromResult(context.InstanceId.Length > 0 ? $"{greeting.Word} {input} from {context.Name}" : "");
    }

    public sealed class ClassCounter(Greeting greeting) : TaskEntity<int>
    {
        public int Add(int value) => greeting.Word == "Hello" ? State += value : 0;
    }

    public sealed class CounterState
    {
        public int Value { get; set; }

        public int Add(int value, TaskEntityContext context) => context.Id.Name == "statecounter" ? Value += value : 0;
    }

    public sealed class FunctionCounter : TaskEntity<int>
    {
        public async Task<int> Add(int value)
        {
            await Task.Yield();
            return State += value;
        }
    }
}

public static class EntityFunctions
{
    [Function(nameof(CallTwice))]
    public static async Task<int> CallTwice([OrchestrationTrigger] TaskOrchestrationContext context, EntityInstanceId id)
    {
        await context.Entities.CallEntityAsync(id, "add", 3);
        return await context.Entities.CallEntityAsync<int>(id, "Add", 4);
    }

    [Function("CounterFunction")]
    public static Task Counter([EntityTrigger(EntityName = "Counter")] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync(new FunctionCounter());

    [Function("StateCounter")]
    public static Task StateCounter([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<CounterState>();

    [Function("HandlerCounter")]
    public static Task HandlerCounter([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync(operation =>
    {
        int value = operation.State.GetState<int>() + operation.GetInput<int>();
        operation.State.SetState(value);
        return ValueTask.FromResult<object?>(value);
    });
}
