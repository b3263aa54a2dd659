using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Application.Exports;
using VisionPlatform.Application.Training;
using VisionPlatform.Orchestrations.Datasets;
using VisionPlatform.Orchestrations.Training;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Code;

/// <summary>
/// A deploy meets instances in flight: they are replayed by the new code, which must ask for the same things in the same order. So the calls of
/// an orchestrator never change. What has to change becomes a function of another name (<c>TrainModelV2</c>); the old one stays until none of its instances run.
/// </summary>
public sealed class OrchestratorVersionTests
{
    private const string RecordedPath = "tests/Functions.Host.Tests/Code/Orchestrators.recorded.txt";
    private static readonly Guid Id = Guid.Parse("01900000-0000-7000-8000-000000000001");
    private static readonly Guid Other = Guid.Parse("01900000-0000-7000-8000-000000000002");
    private static readonly Failure Wrong = Failure.Of(ErrorCodes.Internal);
    private static readonly AttemptTicket Ticket = new(Other, MaxAttempts: 2, TimeSpan.FromSeconds(5), LooksPerHistory: 3);

    private static readonly IReadOnlyList<MethodInfo> Orchestrators =
    [
        .. typeof(TrainModel).Assembly.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.GetParameters().Any(parameter => parameter.IsDefined(typeof(OrchestrationTriggerAttribute)))),
    ];

    private static readonly IReadOnlyList<Scenario> Scenarios =
    [
        new("a job that completes", "TrainModel", Id, [("RunOnTrainer", new TrainerRunEnd(AttemptState.Completed, null)), ("FinalizeJob", new JobEnd(Id, JobState.Completed, null))]),
        new("a job that fails", "TrainModel", Id, [("RunOnTrainer", new TrainerRunEnd(AttemptState.Failed, Wrong)), ("EndJob", null)]),
        new("a run that is woken to its end", "RunOnTrainer", new TrainerRun(AttemptKind.Train, Id),
            [("OpenAttempt", Ticket), ("StartAttempt", AttemptStart.Running), ("LookAtAttempt", Status(ended: false)), ("LookAtAttempt", Status(AttemptState.Completed) with { WakeSubjects = [Other] })], WakesUp: true),
        new("a run that waits for a slot, fails and is tried again", "RunOnTrainer", new TrainerRun(AttemptKind.Train, Id),
            [
                ("OpenAttempt", Ticket), ("StartAttempt", AttemptStart.Waiting(TimeSpan.FromSeconds(7))), ("StartAttempt", AttemptStart.Running), ("LookAtAttempt", Status(AttemptState.Failed) with { TryAgain = true }),
                ("OpenAttempt", Ticket), ("StartAttempt", AttemptStart.Running), ("LookAtAttempt", Status(AttemptState.Completed)),
            ]),
        new("a run that renews its history", "RunOnTrainer", new TrainerRun(AttemptKind.Export, Id),
            [("OpenAttempt", Ticket), ("StartAttempt", AttemptStart.Running), ("LookAtAttempt", Status(ended: false)), ("LookAtAttempt", Status(ended: false))]),
        new("exports to two formats", "ExportModels", new List<Guid> { Id, Other }, [("ExportModel", new ExportEnd(Id, ExportState.Completed, null)), ("ExportModel", new ExportEnd(Other, ExportState.Completed, null))]),
        new("an export", "ExportModel", Id, [("RunOnTrainer", new TrainerRunEnd(AttemptState.Completed, null)), ("FinishExport", new ExportEnd(Id, ExportState.Completed, null))]),
        new("a version that is written", "PublishDatasetVersion", Id, [("WriteDatasetVersion", new PublishEnd(Id, DatasetVersionState.Ready, null))]),
        new("a version that cannot be written", "PublishDatasetVersion", Id, [("WriteDatasetVersion", new PublishEnd(Id, DatasetVersionState.Failed, "away")), ("FailDatasetVersion", null)]),
        new("a deleted dataset", "EmptyDataset", Id, [("RemoveDatasetFiles", null)]),
        new("a deployment at the second try", "DeployModel", Id, [("LoadDeployment", new DeploymentLoad(DeploymentState.Deploying, null)), ("LoadDeployment", new DeploymentLoad(DeploymentState.Active, null))]),
    ];

    [Fact]
    public async Task An_orchestrator_makes_the_recorded_calls()
    {
        var path = Path.Combine(Repository.Root, RecordedPath);
        var now = string.Concat(await Task.WhenAll(Scenarios.Select(RecordAsync)));
        if (Environment.GetEnvironmentVariable("RECORD_ORCHESTRATORS") == "1")
            await File.WriteAllTextAsync(path, now);
        Assert.True(
            await File.ReadAllTextAsync(path) == now,
            $"The calls of an orchestrator changed, which instances in flight do not survive. Give the changed one another name (docs/hosts.md), then run this test with RECORD_ORCHESTRATORS=1. Now they are:\n{now}");
    }

    [Fact]
    public void Every_orchestrator_is_recorded() =>
        Assert.Empty(Orchestrators.Select(NameOf).Except(Scenarios.Select(scenario => scenario.Orchestrator)));

    private static async Task<string> RecordAsync(Scenario scenario)
    {
        var context = new RecordingContext(scenario.Orchestrator, scenario.Input, scenario.Answers, scenario.WakesUp);
        var method = Orchestrators.Single(method => NameOf(method) == scenario.Orchestrator);
        await (Task)method.Invoke(null, [context])!;
        return $"## {scenario.Orchestrator}: {scenario.Title}\n{string.Concat(context.Calls.Select(call => call + "\n"))}\n";
    }

    private static string NameOf(MethodInfo method) => method.GetCustomAttribute<FunctionAttribute>()!.Name;

    private static AttemptStatus Status(AttemptState state = AttemptState.Running, bool ended = true) => new(ended, state, null, false, TimeSpan.FromSeconds(9), false, []);

    private sealed record Scenario(string Title, string Orchestrator, object Input, IReadOnlyList<(string, object?)> Answers, bool WakesUp = false);
}
