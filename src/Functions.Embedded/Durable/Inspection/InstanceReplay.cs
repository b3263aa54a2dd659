using Microsoft.Extensions.Logging.Abstractions;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The stored history of an instance, replayed with this build's code. Nothing is written and no activity runs.</summary>
/// <param name="OpenTasks">What the orchestrator waits for. Empty when the replay failed.</param>
/// <param name="Problem">Why the instance cannot go on with this code; null when it can.</param>
internal sealed record InstanceReplay(IReadOnlyList<OpenTask> OpenTasks, string? Problem)
{
    public static InstanceReplay Of(InstanceRow row, IReadOnlyList<HistoryEvent> history, IDurableFunctions functions, DataConverter converter)
    {
        if (!functions.HasOrchestrator(row.Name))
            return new InstanceReplay([], $"This build has no orchestrator '{row.Name}'.");
        if (history.Count != row.HistoryLength)
            return new InstanceReplay([], $"The stored history has {history.Count} events instead of {row.HistoryLength}.");
        var execution = new OrchestrationExecution(row, functions, converter, NullLoggerFactory.Instance);
        try
        {
            execution.Replay(history);
        }
        catch (Exception error)
        {
            // Code that fails at once leaves the history's calls unrepeated: then its own error says more.
            return new InstanceReplay([], execution.Failure is { } failure ? $"Its code fails in the replay: {failure.GetType().Name}: {failure.Message}" : error.Message);
        }

        if (history.Count > 0 && !execution.IsWaiting)
            return new InstanceReplay([], execution.Failure is { } failure
                ? $"Its code fails in the replay: {failure.GetType().Name}: {failure.Message}"
                : "Its code ends in the replay, but its history goes on.");
        return new InstanceReplay([.. execution.OpenTasks], null);
    }
}
