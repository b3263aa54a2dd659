using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>A job or export that needs a trainer.</summary>
/// <param name="Number">The attempt it goes on with; it begins with the first.</param>
/// <param name="Silent">What the last look at that attempt said.</param>
public sealed record TrainerRun(AttemptKind Kind, Guid SubjectId, int Number = 1, bool Silent = false);

/// <summary>How a run ended: the state of its last attempt, and why when it did not complete.</summary>
public sealed record TrainerRunEnd(AttemptState State, Failure? Failure);

/// <summary>
/// Carries a job or export through its attempts. Trainers report to the API, which writes the database and then raises
/// <see cref="Wake"/>; this orchestration reacts by looking at the database and never asks the trainer. A durable timer looks too when
/// nobody has woken it for longer than a trainer may be silent, so neither a lost event nor a dead trainer stops it.
/// </summary>
public static class RunOnTrainer
{
    /// <summary>Event: "look at the database". It carries nothing, so that an extra one does no harm.</summary>
    public const string Wake = "wake";

    /// <summary>The orchestration's instance id, so that callbacks can find it without a lookup.</summary>
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
                // The attempt goes on where its row says it is.
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

    /// <summary>Carries one attempt to its end; none after <see cref="AttemptTicket.LooksPerHistory"/> looks, to go on with a fresh history.</summary>
    private static async Task<(AttemptLook? End, bool Silent)> TryOnceAsync(
        TaskOrchestrationContext context, WakeUps wakes, AttemptTicket ticket, bool silent)
    {
        var looks = 0;
        for (var started = false; !started;)
        {
            if (looks++ == ticket.LooksPerHistory)
                return (null, silent);
            var start = await context.CallActivityAsync<AttemptStart>(nameof(AttemptActivities.StartAttempt), ticket.AttemptId, ActivityRetry.Standard);
            if (start.End is { } end)
                return (end, silent);
            started = start.Started;
            if (!started)
                await wakes.NextAsync(start.LookAgainIn);
        }

        while (looks++ < ticket.LooksPerHistory)
        {
            var look = await context.CallActivityAsync<AttemptLook>(
                nameof(AttemptActivities.LookAtAttempt), new AttemptLooking(ticket.AttemptId, silent), ActivityRetry.Standard);
            if (look.Ended)
                return (look, silent);
            silent = look.Silent;
            await wakes.NextAsync(look.LookAgainIn);
        }

        return (null, silent);
    }

    /// <summary>Waits for the next wake or a limit. A wait that outlives the limit is used again, so no wake is lost between two.</summary>
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
