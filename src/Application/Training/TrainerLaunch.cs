using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Starts, watches and stops attempts: at the trainer's service, or as executions of an Azure Container Apps job, which fetch their request. From
/// then on both speak the same protocol.
/// </summary>
public sealed class TrainerLaunch(TrainerClient trainers, ContainerAppsJobs executions, AttemptTokens tokens, TrainerSettings settings, TimeProvider time)
{
    /// <summary>Whether an attempt of this trainer runs as an execution of its own. Then it needs no trainer that is online.</summary>
    public bool StartsExecutions(string framework) => settings.Jobs.ContainsKey(framework);

    /// <summary>Sends an attempt to its trainer, or starts an execution for it. Can be repeated.</summary>
    public Task<TrainerStart> StartAsync(Attempt attempt, TrainerJobRequest request, CancellationToken cancellation) =>
        settings.Jobs.TryGetValue(attempt.Trainer, out var job)
            ? executions.StartAsync(
                job,
                new Dictionary<string, string>
                {
                    [ContainerAppsJobs.RequestUrl] = new Uri(settings.PublicUrl, $"api/v1/trainer/attempts/{attempt.Id}/request").ToString(),
                    [ContainerAppsJobs.RequestToken] = tokens.MintTicket(attempt.Id, time.GetUtcNow() + 2 * settings.ExecutionStart),
                },
                cancellation)
            : trainers.StartAsync(attempt.Trainer, request, cancellation);

    /// <summary>How far the execution of an attempt is; null if it has none or Azure does not say.</summary>
    public Task<ExecutionState?> FindExecutionAsync(Attempt attempt, CancellationToken cancellation) =>
        attempt.Execution is { } execution && settings.Jobs.TryGetValue(attempt.Trainer, out var job)
            ? executions.FindStateAsync(job, execution, cancellation)
            : Task.FromResult<ExecutionState?>(null);

    /// <summary>Asks for the end of an attempt. A trainer that is not reached learns it from the reply to its next callback.</summary>
    public Task StopAsync(Attempt attempt, CancellationToken cancellation) =>
        attempt.Execution is not { } execution ? trainers.CancelAsync(attempt.Trainer, attempt.SubjectId, attempt.Number, cancellation)
        : settings.Jobs.TryGetValue(attempt.Trainer, out var job) ? executions.StopAsync(job, execution, cancellation)
        : Task.CompletedTask;
}
