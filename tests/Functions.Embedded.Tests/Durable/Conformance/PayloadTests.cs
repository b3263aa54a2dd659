using System.Text.Json;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>What inputs, results, events and outputs may be.</summary>
public sealed class PayloadTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Payloads_of_ten_megabytes_are_kept()
    {
        string text = new('x', 10 * 1024 * 1024);
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Echo", value => value)
            .Orchestrator("Large", async context =>
            {
                string result = await context.CallActivityAsync<string>("Echo", context.GetInput<string>());
                string raised = await context.WaitForExternalEvent<string>("e");
                return result.Length == raised.Length ? raised : "";
            }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Large", text, Cancellation);
        await engine.Client.RaiseEventAsync(id, "e", text, Cancellation);

        OrchestrationMetadata end = await engine.EndOf(id);

        Assert.Equal(text.Length, end.ReadInputAs<string>()!.Length);
        Assert.Equal(text, end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Records_enums_tuples_dates_polymorphic_lists_and_nulls_keep_their_values()
    {
        var order = new Order(Guid.NewGuid(), State.Paid, 12.50m, new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(9)), ["a", null], new() { ["k"] = 1 });
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<Order, (Order, int)>("Count", value => (value, value.Lines.Count))
            .Orchestrator("Order", async context =>
            {
                (Order same, int lines) = await context.CallActivityAsync<(Order, int)>("Count", context.GetInput<Order>());
                return same with { Total = lines };
            }));

        Order end = (await engine.RunAsync("Order", order)).ReadOutputAs<Order>()!;

        Assert.Equal((order.Id, order.State, 2m, order.At), (end.Id, end.State, end.Total, end.At));
        Assert.Equal(order.Lines, end.Lines);
        Assert.Equal(order.Numbers, end.Numbers);
    }

    [Fact]
    public async Task Property_names_are_written_as_declared_and_read_without_regard_to_case()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Read", context => Task.FromResult(context.GetInput<Point>()!)));

        OrchestrationMetadata end = await engine.RunAsync("Read", new Dictionary<string, int> { ["x"] = 1, ["Y"] = 2 });

        Assert.Equal("""{"X":1,"Y":2}""", end.SerializedOutput);
    }

    [Fact]
    public async Task The_apps_serializer_writes_payloads()
    {
        await using TestEngine engine = await database.StartAsync(
            Samples.Functions, services: services => services.Configure<WorkerOptions>(
                options => options.Serializer = new JsonObjectSerializer(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase })));

        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new Point(1, 2), Cancellation);

        Assert.Equal("""{"x":1,"y":2}""", (await engine.Client.GetInstanceAsync(id, true, Cancellation))!.SerializedInput);
    }

    [Fact]
    public async Task A_data_converter_of_the_app_writes_and_reads_all_payloads()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions()
                .Orchestrator("Upper", async context => context.GetInput<string>() + await context.WaitForExternalEvent<string>("e")),
            services: services => services.AddSingleton<DataConverter>(new Brackets()));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Upper", "in", Cancellation);
        await engine.Client.RaiseEventAsync(id, "e", "ev", Cancellation);

        OrchestrationMetadata end = await engine.EndOf(id);

        Assert.Equal(("<in>", "<inev>", "inev"), (end.SerializedInput, end.SerializedOutput, end.ReadOutputAs<string>()));
    }

    [Fact]
    public async Task An_output_that_cannot_be_serialized_fails_the_instance()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Loop", _ =>
        {
            var self = new Dictionary<string, object>();
            self["self"] = self;
            return Task.FromResult(self);
        }));

        Assert.True((await engine.RunAsync("Loop")).FailureDetails!.IsCausedBy<JsonException>());
    }

    [Fact]
    public async Task Text_that_the_database_cannot_store_fails_only_its_instance()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions().Orchestrator("Zero", _ => Task.FromResult("a\0b")),
            services: services => services.AddSingleton<DataConverter>(new Brackets()));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.RunAsync("Zero")).RuntimeStatus);
    }

    public enum State
    {
        Open,
        Paid,
    }

    public sealed record Order(Guid Id, State State, decimal Total, DateTimeOffset At, List<string?> Lines, Dictionary<string, int> Numbers);

    public sealed record Point(int X, int Y);

    private sealed class Brackets : DataConverter
    {
        public override string? Serialize(object? value) => value is null ? null : $"<{value}>";

        public override object? Deserialize(string? data, Type targetType) => data?[1..^1];
    }
}
