using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Functions.Host.Tests.Hosts.StandIn.Rpc;

namespace VisionPlatform.Functions.Host.Tests.Hosts.StandIn;

/// <summary>The Functions host's end of the stream that its worker opens: has the functions told and loaded, then run.</summary>
/// <param name="folder">The published app.</param>
internal sealed class WorkerChannel(string folder) : FunctionRpc.FunctionRpcBase
{
    private readonly Channel<StreamingMessage> _toWorker = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _questions = new();
    private readonly TaskCompletionSource<LoadedWorker> _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The id under which the worker has to present itself.</summary>
    public string WorkerId { get; } = Guid.NewGuid().ToString();

    /// <summary>The worker, as soon as each of its functions is loaded.</summary>
    public Task<LoadedWorker> Loaded => _loaded.Task;

    /// <summary>Ends with the stream.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What the worker logged to its host.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    public override async Task EventStream(IAsyncStreamReader<StreamingMessage> fromWorker, IServerStreamWriter<StreamingMessage> toWorker, ServerCallContext call)
    {
        try
        {
            await fromWorker.MoveNext(call.CancellationToken);
            if (fromWorker.Current.StartStream?.WorkerId != WorkerId)
                throw new Grpc.Core.RpcException(new Status(StatusCode.PermissionDenied, $"The stream begins with {fromWorker.Current} and not with the id of the worker."));
            _ = ListenAsync(fromWorker, call.CancellationToken);
            _ = LoadAsync();
            await foreach (var message in _toWorker.Reader.ReadAllAsync(call.CancellationToken))
                await toWorker.WriteAsync(message);
        }
        catch (OperationCanceledException)
        {
            // The worker's process has ended.
        }
        finally
        {
            _ended.TrySetResult();
            foreach (var question in _questions.Values)
                question.TrySetException(new IOException("The stream to the worker has ended."));
        }
    }

    /// <summary>Sends a message and gives the worker's answer to it.</summary>
    public async Task<StreamingMessage> AskAsync(StreamingMessage question)
    {
        question.RequestId = Guid.NewGuid().ToString();
        var answer = _questions[question.RequestId] = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        Tell(question);
        if (Ended.IsCompleted)
            answer.TrySetException(new IOException("The stream to the worker has ended."));
        return await answer.Task;
    }

    /// <summary>Sends a message that has no answer.</summary>
    public void Tell(StreamingMessage message) => _toWorker.Writer.TryWrite(message);

    /// <summary>Ends the stream after what was sent.</summary>
    public void Close() => _toWorker.Writer.TryComplete();

    private async Task ListenAsync(IAsyncStreamReader<StreamingMessage> fromWorker, CancellationToken cancellation)
    {
        await foreach (var message in fromWorker.ReadAllAsync(cancellation))
            if (message.ContentCase == StreamingMessage.ContentOneofCase.RpcLog)
                Log.Enqueue($"{message.RpcLog.Category}: {message.RpcLog.Message} {message.RpcLog.Exception?.Message}");
            else if (_questions.TryRemove(message.RequestId, out var question))
                question.TrySetResult(message);
    }

    private async Task LoadAsync()
    {
        try
        {
            var worker = (await AskAsync(new() { WorkerInitRequest = new() { HostVersion = "4.0.0", WorkerDirectory = folder, FunctionAppDirectory = folder } })).WorkerInitResponse;
            Expect(worker.Result, "the start");
            var told = (await AskAsync(new() { FunctionsMetadataRequest = new() { FunctionAppDirectory = folder } })).FunctionMetadataResponse;
            Expect(told.Result, "the functions");
            await Task.WhenAll(told.FunctionMetadataResults.Select(async function => Expect(
                (await AskAsync(new() { FunctionLoadRequest = new() { FunctionId = function.FunctionId, Metadata = function } })).FunctionLoadResponse.Result, function.Name)));
            _loaded.SetResult(new LoadedWorker(worker.Capabilities, [.. told.FunctionMetadataResults.Select(WorkerFunction.From)]));
        }
        catch (Exception failed)
        {
            _loaded.SetException(failed);
        }
    }

    private static void Expect(StatusResult result, string of) =>
        Assert.True(result.Status == StatusResult.Types.Status.Success, $"The worker reports that {of} failed: {result.Exception?.Message}");
}

/// <summary>What a worker said of itself and its functions.</summary>
/// <param name="Capabilities">For example <c>HttpUri</c>, where it takes requests.</param>
/// <param name="Functions">In the order in which it told them.</param>
internal sealed record LoadedWorker(IReadOnlyDictionary<string, string> Capabilities, IReadOnlyList<WorkerFunction> Functions)
{
    public WorkerFunction this[string name] => Functions.Single(function => function.Name == name);

    /// <summary>The function that a Functions host takes for a request: the first by name whose route and method fit.</summary>
    public WorkerFunction? For(HttpRequest request) => Functions
        .Where(function => function.Route is not null && (function.Methods.Count == 0 || function.Methods.Contains(request.Method, StringComparer.OrdinalIgnoreCase)) && Routes.Fits(function.Route!, request.Path))
        .MinBy(function => function.Name, StringComparer.Ordinal);
}

/// <summary>A function of a worker.</summary>
/// <param name="Id">What the host calls it by.</param>
/// <param name="Inputs">The type of each input that the host must send, by name.</param>
/// <param name="Route">Of an HTTP trigger, else null.</param>
/// <param name="Methods">Of an HTTP trigger.</param>
internal sealed record WorkerFunction(string Name, string Id, IReadOnlyDictionary<string, string> Inputs, string? Route, IReadOnlyList<string> Methods)
{
    public static WorkerFunction From(RpcFunctionMetadata metadata)
    {
        var bindings = metadata.RawBindings.Select(binding => JsonDocument.Parse(binding).RootElement).ToList();
        var http = bindings.FirstOrDefault(binding => Text(binding, "type") == "httpTrigger");
        return new WorkerFunction(
            metadata.Name, metadata.FunctionId,
            bindings.Where(binding => Text(binding, "direction") == "In").ToDictionary(binding => Text(binding, "name"), binding => Text(binding, "type")),
            http.ValueKind == JsonValueKind.Object ? Text(http, "route") : null,
            http.ValueKind == JsonValueKind.Object ? http.TryGetProperty("methods", out var methods) ? [.. methods.EnumerateArray().Select(method => method.GetString()!)] : [] : []);
    }

    private static string Text(JsonElement binding, string name) => binding.GetProperty(name).GetString()!;
}
