using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Cli.Operations;

/// <summary>
/// Runs an orchestrator of the platform in this process, without a platform: activities are called at once and their results go to a journal. Only
/// what operations use is there: activities, retries, sub-orchestrations, timers, the custom status.
/// </summary>
internal sealed class LocalContext(
    string name, string instanceId, string input, OperationJournal journal, LocalFunctions functions, Action<string> showStatus, ILoggerFactory loggers,
    CancellationToken cancellation) : TaskOrchestrationContext
{
    private readonly Dictionary<(string, string), int> _calls = [];
    private int _guids;

    public override TaskName Name => name;

    public override string InstanceId => instanceId;

    public override ParentOrchestrationInstance? Parent => null;

    /// <summary>The time at which the operation began, also after a resume.</summary>
    public override DateTime CurrentUtcDateTime => journal.Started.UtcDateTime;

    public override bool IsReplaying => false;

    protected override ILoggerFactory LoggerFactory => loggers;

    public override T? GetInput<T>()
        where T : default => JsonSerializer.Deserialize<T>(input, LocalFunctions.Json);

    public override async Task<TResult> CallActivityAsync<TResult>(TaskName activity, object? input = null, TaskOptions? options = null)
    {
        var text = JsonSerializer.Serialize(input, LocalFunctions.Json);
        var occurrence = _calls[(activity.Name, text)] = _calls.GetValueOrDefault((activity.Name, text)) + 1;
        var call = $"{instanceId}/{activity.Name}";
        if (!journal.TryFind(call, text, occurrence, out var result))
        {
            result = await RetryAsync(activity.Name, options?.Retry, () => Task.Run(() => functions.CallActivityAsync(activity.Name, text, cancellation), cancellation));
            journal.Add(call, text, occurrence, result);
        }
        return result is null ? default! : JsonSerializer.Deserialize<TResult>(result, LocalFunctions.Json)!;
    }

    public override async Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        var id = (options as SubOrchestrationOptions)?.InstanceId ?? NewGuid().ToString("N");
        var sub = new LocalContext(
            orchestratorName.Name, id, JsonSerializer.Serialize(input, LocalFunctions.Json), journal, functions, showStatus, loggers, cancellation);
        var result = await RetryAsync(orchestratorName.Name, options?.Retry, () => functions.CallOrchestratorAsync(orchestratorName.Name, sub));
        return result is null ? default! : JsonSerializer.Deserialize<TResult>(result, LocalFunctions.Json)!;
    }

    public override Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken) => Task.Delay(delay, cancellation);

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => CreateTimer(fireAt - CurrentUtcDateTime, cancellationToken);

    public override void SetCustomStatus(object? customStatus) => showStatus(JsonSerializer.Serialize(customStatus, LocalFunctions.Json));

    public override Guid NewGuid() => DeterministicGuid($"{instanceId}/{++_guids}");

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) => throw NotHere();

    public override void SendEvent(string instanceId, string eventName, object payload) => throw NotHere();

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw NotHere();

    private static NotSupportedException NotHere() => new("Operations that run in this process exchange no events.");

    private static Guid DeterministicGuid(string text) =>
        new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private async Task<string?> RetryAsync(string task, TaskRetryOptions? retry, Func<Task<string?>> run)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await run();
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                var failed = failure as TaskFailedException ?? new TaskFailedException(task, attempt, failure);
                if (retry?.Handler is not { } handler
                    || !await handler(new RetryContext(this, attempt, failed.FailureDetails, DateTime.UtcNow - CurrentUtcDateTime, cancellation)))
                    throw failed;
            }
        }
    }
}
