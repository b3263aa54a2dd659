using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.DurableTask.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Functions.Host.Tests.Hosts.StandIn.Rpc;
using VisionPlatform.Platform.Tests.Hosting;
using Yarp.ReverseProxy.Forwarder;

namespace VisionPlatform.Functions.Host.Tests.Hosts.StandIn;

/// <summary>
/// As much of a Functions host as a worker can tell: starts the published app as Core Tools and Azure do, speaks the same protocol over
/// gRPC, passes requests on to it, and takes orchestrations. It has no triggers, keys or storage of its own.
/// </summary>
internal sealed class FunctionsHostStandIn(string folder) : IAppHost, IAsyncDisposable
{
    private static readonly ForwarderRequestConfig WithoutLimit = new() { ActivityTimeout = TimeSpan.FromMinutes(4) };
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly WorkerChannel _channel = new(folder);
    private WebApplication? _server;
    private IHttpForwarder _forwarder = null!;
    private string _rpc = "";

    public TaskHub TaskHub { get; } = new();

    /// <summary>The worker and its functions; waits until they are loaded.</summary>
    public Task<LoadedWorker> Worker => _channel.Loaded;

    /// <summary>What the worker answered to each request that was passed on: name of the function, status.</summary>
    public ConcurrentQueue<(string Function, StatusResult Result)> Requests { get; } = [];

    public bool AsksForKeys => false;

    public IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>
    {
        ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
        ["FUNCTIONS_APPLICATION_DIRECTORY"] = folder,
        ["FUNCTIONS_WORKER_DIRECTORY"] = folder,
        ["ASPNETCORE_URLS"] = null, // The host listens; where the worker does is between the two.
    };

    /// <summary>Starts to listen, and gives what worker.config.json says a host has to start, with the arguments that a host adds.</summary>
    public ProcessStartInfo Command(Uri address)
    {
        Listen(address);
        var worker = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "worker.config.json"))).RootElement.GetProperty("description");
        var (rpc, length) = (new Uri(_rpc), $"{128 << 20}");
        var request = Guid.NewGuid().ToString();
        return new ProcessStartInfo(worker.GetProperty("defaultExecutablePath").GetString()!,
        [
            Path.Combine(folder, worker.GetProperty("defaultWorkerPath").GetString()!),
            "--host", rpc.Host, "--port", $"{rpc.Port}", "--workerId", _channel.WorkerId, "--requestId", request, "--grpcMaxMessageLength", length,
            "--functions-uri", _rpc, "--functions-worker-id", _channel.WorkerId, "--functions-request-id", request, "--functions-grpc-max-message-length", length,
        ]) { WorkingDirectory = folder };
    }

    /// <summary>Runs a function with text for its trigger.</summary>
    public async Task<InvocationResponse> InvokeAsync(string function, string trigger) =>
        await InvokeAsync((await Worker)[function], Guid.NewGuid().ToString(), new TypedData { String = trigger });

    /// <summary>Runs a turn of an orchestrator; fails unless the worker reports success.</summary>
    public async Task<OrchestratorResponse> TurnAsync(string orchestrator, string history)
    {
        var answer = await InvokeAsync(orchestrator, history);
        Assert.True(answer.Result.Status == StatusResult.Types.Status.Success, answer.Result.Exception?.Message);
        return OrchestratorResponse.Parser.ParseFrom(Convert.FromBase64String(answer.ReturnValue.String));
    }

    /// <summary>Asks the worker to end.</summary>
    public void Terminate() => _channel.Tell(new() { WorkerTerminate = new() });

    /// <summary>Ends the stream to the worker, as when the host is gone.</summary>
    public Task CloseAsync()
    {
        _channel.Close();
        return _channel.Ended;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Close();
        if (_server is not null)
            await _server.DisposeAsync();
        _client.Dispose();
    }

    /// <summary>What the Durable extension gives to a <c>[DurableClient]</c>.</summary>
    private string DurableClient => JsonSerializer.Serialize(new
    {
        rpcBaseUrl = _rpc, taskHubName = "platform", connectionName = "AzureWebJobsStorage", requiredQueryStringParameters = "code=key",
        httpBaseUrl = "http://127.0.0.1/runtime/webhooks/durabletask", maxGrpcMessageSizeInBytes = 4 << 20,
    });

    private void Listen(Uri address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, address.Port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = 128 << 20);
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton(_channel).AddSingleton(TaskHub);
        _server = builder.Build();
        _server.MapGrpcService<WorkerChannel>();
        _server.MapGrpcService<TaskHub>();
        _server.MapFallback("{*path}", PassOnAsync);
        _server.Start();
        _forwarder = _server.Services.GetRequiredService<IHttpForwarder>();
        _rpc = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(listening => new Uri(listening).Port != address.Port);
    }

    /// <summary>Request and invocation go to the worker apart; it brings them together by the id.</summary>
    private async Task PassOnAsync(HttpContext http)
    {
        if (!Worker.IsCompleted)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsync($"The worker is not ready.\n{string.Join('\n', _channel.Log)}");
        }
        else if ((await Worker).For(http.Request) is not { } function)
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        else
        {
            var id = Guid.NewGuid().ToString();
            var trigger = new TypedData { Http = new() { Method = http.Request.Method, Url = http.Request.GetDisplayUrl() } };
            var running = InvokeAsync(function, id, trigger, Routes.Match(function.Route!, http.Request.Path));
            http.Request.Headers["x-ms-invocation-id"] = id;
            await _forwarder.SendAsync(http, (await Worker).Capabilities["HttpUri"], _client, WithoutLimit);
            Requests.Enqueue((function.Name, (await running).Result));
        }
    }

    private async Task<InvocationResponse> InvokeAsync(WorkerFunction function, string id, TypedData trigger, RouteValueDictionary? route = null)
    {
        var request = new InvocationRequest { FunctionId = function.Id, InvocationId = id, TraceContext = new() { TraceParent = Activity.Current?.Id ?? "" } };
        foreach (var (name, type) in function.Inputs)
            request.InputData.Add(new ParameterBinding { Name = name, Data = type == "durableClient" ? new() { String = DurableClient } : trigger });
        foreach (var (name, value) in route ?? [])
            request.TriggerMetadata[name] = new TypedData { String = $"{value}" };
        return (await _channel.AskAsync(new() { InvocationRequest = request })).InvocationResponse;
    }
}
