using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static VisionPlatform.Functions.Embedded.Tests.Worker.StreamingAndStoppingTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

public sealed class StreamingAndStoppingTests
{
    [Fact]
    public async Task Server_sent_events_arrive_one_by_one()
    {
        var gates = new Gates();
        await using RunningApp app = await StartAsync(gates);
        using Stream stream = await app.Client.GetStreamAsync("/api/Events").EndsAsync();
        using var reader = new StreamReader(stream);

        Assert.Equal("data: 1", await reader.ReadLineAsync().EndsAsync());
        gates.Continue.Release();
        Assert.Equal("", await reader.ReadLineAsync().EndsAsync());
        Assert.Equal("data: 2", await reader.ReadLineAsync().EndsAsync());
    }

    [Fact]
    public async Task A_client_that_disconnects_cancels_the_function()
    {
        var gates = new Gates();
        await using RunningApp app = await StartAsync(gates, new() { ["Logging:LogLevel:Default"] = "Debug" });
        Stream stream = await app.Client.GetStreamAsync("/api/Events").EndsAsync();

        stream.Dispose();

        await gates.Cancelled.Task.EndsAsync();
        await Eventually.TrueAsync(() => app.Log.Lines.Any(l => l.StartsWith("Debug: The client of Events disconnected", StringComparison.Ordinal)), "logged");
        Assert.DoesNotContain(app.Log.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_ends_event_streams_without_the_grace_of_other_requests()
    {
        var gates = new Gates();
        await using RunningApp app = await RunningApp.StartAsync([typeof(StreamingFunctions)], configure: b =>
        {
            b.Services.AddSingleton(gates);
            b.Services.AddSingleton<TimeProvider>(new StoppedClock());
        });
        using Stream stream = await app.Client.GetStreamAsync("/api/Events").EndsAsync();
        using var reader = new StreamReader(stream);
        await reader.ReadLineAsync().EndsAsync();

        await app.Host.StopAsync().EndsAsync();

        await gates.Cancelled.Task.EndsAsync();
        Assert.Equal("\n", await reader.ReadToEndAsync().EndsAsync());
    }

    [Fact]
    public async Task A_stop_waits_for_a_running_request_and_accepts_no_new_one()
    {
        var gates = new Gates();
        await using RunningApp app = await StartAsync(gates);
        Task<string> slow = app.Client.GetStringAsync("/api/Gated");
        await gates.Started.Task.EndsAsync();

        Task stop = app.Host.StopAsync();
        await Eventually.TrueAsync(() => Refuses(app.Address), "new connections are refused");
        Assert.False(stop.IsCompleted);
        gates.Continue.Release();

        Assert.Equal("finished, cancelled: False", await slow.EndsAsync());
        await stop.EndsAsync();
    }

    [Fact]
    public async Task A_failure_after_the_response_began_aborts_the_connection()
    {
        await using RunningApp app = await StartAsync(new Gates());

        await Assert.ThrowsAsync<HttpRequestException>(() => app.Client.GetStringAsync("/api/Breaks").EndsAsync());
    }

    [Fact]
    public async Task A_function_that_exceeds_functionTimeout_is_cancelled_and_answers_504()
    {
        var gates = new Gates();
        await using RunningApp app = await RunningApp.StartAsync(
            [typeof(StreamingFunctions)], configure: b => b.Services.AddSingleton(gates), hostJson: """{ "version": "2.0", "functionTimeout": "00:00:00.200" }""");

        HttpResponseMessage answer = await app.Client.GetAsync("/api/Gated").EndsAsync();

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
    }

    private static Task<RunningApp> StartAsync(Gates gates, Dictionary<string, string?>? settings = null)
        => RunningApp.StartAsync([typeof(StreamingFunctions)], settings, configure: b => b.Services.AddSingleton(gates));

    private static bool Refuses(Uri address)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        try
        {
            socket.Connect(address.Host, address.Port);
            return false;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;
        }
    }

    /// <summary>A clock whose timers never fire: no grace is ever over.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new StoppedTimer();
    }

    private sealed class StoppedTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    public sealed class Gates
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SemaphoreSlim Continue { get; } = new(0);
    }
}

public sealed class StreamingFunctions(Gates gates)
{
    [Function("Events")]
    public async Task Events([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, CancellationToken cancellation)
    {
        using CancellationTokenRegistration registration = cancellation.Register(() => gates.Cancelled.TrySetResult());
        HttpResponse response = request.HttpContext.Response;
        response.ContentType = "text/event-stream";
        for (int i = 1; ; i++)
        {
            await response.WriteAsync($"data: {i}\n\n", cancellation);
            await gates.Continue.WaitAsync(cancellation);
        }
    }

    [Function("Gated")]
    public async Task<IActionResult> Slow([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, CancellationToken cancellation)
    {
        gates.Started.TrySetResult();
        await gates.Continue.WaitAsync(cancellation);
        return new OkObjectResult($"finished, cancelled: {cancellation.IsCancellationRequested}");
    }

    [Function("Breaks")]
    public async Task Breaks([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
    {
        await request.HttpContext.Response.WriteAsync("half");
        throw new InvalidOperationException("broke");
    }
}
