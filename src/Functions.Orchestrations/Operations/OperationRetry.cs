using Microsoft.DurableTask;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>
/// How activities of operations are tried again: ten tries, 1 s apart and doubling up to a minute, some five minutes in all; none after an
/// <see cref="OperationException"/>.
/// </summary>
public static class OperationRetry
{
    private const int Tries = 10;

    public static readonly TaskOptions Standard = TaskOptions.FromRetryHandler(async retry =>
    {
        if (retry.LastAttemptNumber >= Tries || retry.LastFailure.IsCausedBy<OperationException>())
            return false;
        var pause = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, retry.LastAttemptNumber - 1), 60));
        retry.OrchestrationContext.SetCustomStatus($"trying again in {pause.TotalSeconds:0} s: {retry.LastFailure.ErrorMessage}");
        await retry.OrchestrationContext.CreateTimer(pause, CancellationToken.None);
        return true;
    });
}
