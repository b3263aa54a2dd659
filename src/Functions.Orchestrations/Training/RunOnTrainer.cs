using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>A job or export that needs a trainer.</summary>
/// <param name="Number">Number of the attempt that it goes on with.</param>
/// <param name="Silent">Whether the last status check of that attempt found the trainer silent.</param>
public sealed record TrainerRun(AttemptKind Kind, Guid SubjectId, int Number = 1, bool Silent = false);

/// <summary>How a run ended: the state of its last attempt, and why when it did not complete.</summary>
public sealed record TrainerRunEnd(AttemptState State, Failure? Failure);

/// <summary>
/// Carries a job or export through its attempts. Trainers report to the API, which writes the database and then raises <see cref="Wake"/>.
/// This orchestration then checks the status in the database; it never asks the trainer. A durable timer makes it check as well when nobody
/// has woken it for longer than a trainer may be silent, so neither a lost event nor a dead trainer stops it.
/// </summary>
public static class RunOnTrainer
{
    /// <summary>The event that asks for a status check. It says nothing about the status, so an extra one does no harm.</summary>
    public const string Wake = "wake";

    /// <summary>The orchestration's instance id. Callbacks know it without a query.</summary>
    public static string InstanceId(Guid subjectId) => $"run-{subjectId}";

    [Function(nameof(RunOnTrainer))]
    public static async Task<TrainerRunEnd> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var run = context.GetInput<TrainerRun>()!;
        var wakes = new WakeUps(context);
        for (var number = run.Number; ; number++)
        {
            var ticket = await context.CallActivityAsync<AttemptTicket>(nameof(AttemptActivities.OpenAttempt), new AttemptOpening(run, number), ActivityRetry.Standard);
            context.SetCustomStatus(new { attempt = number });
            var (end, silent) = await TryOnceAsync(context, wakes, ticket, run.Silent && number == run.Number);
            if (end is null)
            {
                // The fresh history goes on from the attempt's row.
                context.ContinueAsNew(run with { Number = number, Silent = silent });
                return new TrainerRunEnd(AttemptState.Running, null);
            }

            foreach (var subject in end.WakeSubjects)
                context.SendEvent(InstanceId(subject), Wake, "slot");
            if (!end.TryAgain || number >= ticket.MaxAttempts)
                return new TrainerRunEnd(end.State, end.Failure);
            await wakes.NextAsync(ticket.RetryDelay * Math.Pow(2, number - 1));
        }
    }

    /// <summary>Carries one attempt to its end.</summary>
    /// <returns>How it ended; null after <see cref="AttemptTicket.LooksPerHistory"/> status checks, to go on with a fresh history.</returns>
    private static async Task<(AttemptStatus? End, bool Silent)> TryOnceAsync(
        TaskOrchestrationContext context, WakeUps wakes, AttemptTicket ticket, bool silent)
    {
        var checks = 0;
        for (var started = false; !started;)
        {
            if (checks++ == ticket.LooksPerHistory)
                return (null, silent);
            var start = await context.CallActivityAsync<AttemptStart>(nameof(AttemptActivities.StartAttempt), ticket.AttemptId, ActivityRetry.Standard);
            if (start.End is { } end)
                return (end, silent);
            started = start.Started;
            if (!started)
                await wakes.NextAsync(start.CheckAgainIn);
        }

        while (checks++ < ticket.LooksPerHistory)
        {
            var status = await context.CallActivityAsync<AttemptStatus>("LookAtAttempt", new AttemptCheck(ticket.AttemptId, silent), ActivityRetry.Standard);
            if (status.Ended)
                return (status, silent);
            silent = status.Silent;
            await wakes.NextAsync(status.CheckAgainIn);
        }

        return (null, silent);
    }

    /// <summary>Waits for the next wake, up to a limit. A wait that reaches the limit is reused by the next one, so that no wake is lost in between.</summary>
    private sealed class WakeUps(TaskOrchestrationContext context)
    {
        private Task<string>? _wake;

        public async Task NextAsync(TimeSpan limit)
        {
            _wake ??= context.WaitForExternalEvent<string>(Wake);
            using var stop = new CancellationTokenSource();
            var timer = context.CreateTimer(limit, stop.Token);
            if (await Task.WhenAny(_wake, timer) == timer)
                return;
            _wake = null;
            stop.Cancel();
        }
    }
}

/// <summary>An attempt to open.</summary>
public sealed record AttemptOpening(TrainerRun Run, int Number);

/// <summary>An attempt to check.</summary>
/// <param name="SilentBefore">Whether the check before found the trainer silent.</param>
public sealed record AttemptCheck(Guid AttemptId, bool SilentBefore);

/// <summary>The steps of one attempt.</summary>
public sealed class AttemptActivities(AttemptLifecycle attempts)
{
    [Function(nameof(OpenAttempt))]
    public Task<AttemptTicket> OpenAttempt([ActivityTrigger] AttemptOpening opening, CancellationToken cancellation) =>
        attempts.OpenAsync(opening.Run.Kind, opening.Run.SubjectId, opening.Number, cancellation);

    [Function(nameof(StartAttempt))]
    public Task<AttemptStart> StartAttempt([ActivityTrigger] Guid attemptId, CancellationToken cancellation) => attempts.StartAsync(attemptId, cancellation);

    [Function("LookAtAttempt")]
    public Task<AttemptStatus> CheckAttempt([ActivityTrigger] AttemptCheck check, CancellationToken cancellation) =>
        attempts.CheckAsync(check.AttemptId, check.SilentBefore, cancellation);
}
