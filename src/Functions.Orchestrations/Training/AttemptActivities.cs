using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Training;

namespace VisionPlatform.Orchestrations.Training;

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
