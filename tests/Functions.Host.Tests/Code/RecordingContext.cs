using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace VisionPlatform.Functions.Host.Tests.Code;

/// <summary>Answers an orchestrator from a script and writes down what it asks for: what a host would find in its history.</summary>
/// <param name="name">The orchestrator.</param>
/// <param name="input">Its input.</param>
/// <param name="answers">For activities and sub-orchestrations, by name and in order: a value, or an exception to throw.</param>
/// <param name="wakesUp">Whether an event comes before the timer beside it.</param>
internal sealed class RecordingContext(string name, object input, IEnumerable<(string Name, object? Answer)> answers, bool wakesUp) : TaskOrchestrationContext
{
    private readonly List<(string Name, object? Answer)> _answers = [.. answers];

    /// <summary>A line a call.</summary>
    public List<string> Calls { get; } = [];

    public override TaskName Name => name;

    public override string InstanceId => $"{name}-instance";

    public override ParentOrchestrationInstance? Parent => null;

    public override DateTime CurrentUtcDateTime { get; } = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    public override bool IsReplaying => false;

    protected override ILoggerFactory LoggerFactory => NullLoggerFactory.Instance;

    public override T GetInput<T>() => (T)input;

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) =>
        Answer<TResult>(name, $"activity {name}{Shape(input)}");

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        Answer<TResult>(orchestratorName, $"orchestration {orchestratorName}{Shape(input)} as {(options as SubOrchestrationOptions)?.InstanceId ?? "any id"}");

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        Calls.Add($"timer {fireAt - CurrentUtcDateTime}");
        return wakesUp ? new TaskCompletionSource().Task : Task.CompletedTask;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        Calls.Add($"wait for {eventName} with {typeof(T).Name}");
        return wakesUp ? Task.FromResult<T>(default!) : new TaskCompletionSource<T>().Task;
    }

    public override void SendEvent(string instanceId, string eventName, object payload) => Calls.Add($"send {eventName}{Shape(payload)} to {instanceId}");

    public override void SetCustomStatus(object? customStatus) => Calls.Add($"status{Shape(customStatus)}");

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => Calls.Add($"continue as new{Shape(newInput)}");

    public override Guid NewGuid() => Guid.Parse("01900000-0000-7000-8000-000000000003");

    private Task<TResult> Answer<TResult>(string called, string line)
    {
        Calls.Add(line);
        var at = _answers.FindIndex(answer => answer.Name == called);
        if (at < 0)
            throw new InvalidOperationException($"The script has no answer to: {line}");
        var answer = _answers[at].Answer;
        _answers.RemoveAt(at);
        return answer is Exception failure ? Task.FromException<TResult>(failure) : Task.FromResult((TResult)answer!);
    }

    /// <summary>Names of a value's properties, or its kind: what an older version has written must be readable by a newer one.</summary>
    private static string Shape(object? value)
    {
        var json = JsonSerializer.SerializeToElement(value);
        return json.ValueKind switch
        {
            JsonValueKind.Object => $"({string.Join(", ", json.EnumerateObject().Select(property => property.Name))})",
            JsonValueKind.Null => "()",
            var kind => $"({kind})",
        };
    }
}
