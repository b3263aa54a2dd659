using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Import;
using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Domain.Import;
using VisionPlatform.Infrastructure.DatabaseCopy;
using VisionPlatform.Infrastructure.Import;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Orchestrations.Backups;
using VisionPlatform.Orchestrations.Operations;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
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

    private static readonly DatabaseCopyRequest Copy = new("source", "target", null, 4);
    private static readonly BackupSummary Backup = new("platform", "20260102T030405Z-01900000", DateTimeOffset.UnixEpoch, "0/1", 1, 1, 1, true, null);
    private static readonly RestorePlan Plan = new(Backup.Id, ["public.images", "public.labels"], 1, 1, []);
    private static readonly BucketPair Buckets = new("source", "target", "here → there", "", 32, null);
    private static readonly ImportRequest Import = new(
        ["source"], new OriginalMapping(
            "original", new Dictionary<string, TableMapping?>(), new Dictionary<string, string>(), new Dictionary<string, string>(), new Dictionary<string, string>(), new Dictionary<string, string>(),
            "image_classification", "Imported", []), null, "here");
    private static readonly ListedObject Large = new("models/large", 1 << 30, "etag");

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
        new("a prediction", "PredictDataset", Id, [("RunOnTrainer", new TrainerRunEnd(AttemptState.Completed, null)), ("FinishPrediction", new PredictionEnd(Id, PredictionState.Completed, null))]),
        new("a sweep of two runs", "RunSweep", Id,
            [
                ("AdvanceSweep", new SweepStep(false, [Id, Other], TimeSpan.FromMinutes(1))), ("TrainModel", new JobEnd(Id, JobState.Completed, null)), ("TrainModel", new JobEnd(Other, JobState.Completed, null)),
                ("AdvanceSweep", new SweepStep(true, [], TimeSpan.Zero)),
            ]),
        new("exports to two formats", "ExportModels", new List<Guid> { Id, Other }, [("ExportModel", new ExportEnd(Id, ExportState.Completed, null)), ("ExportModel", new ExportEnd(Other, ExportState.Completed, null))]),
        new("an export", "ExportModel", Id, [("RunOnTrainer", new TrainerRunEnd(AttemptState.Completed, null)), ("FinishExport", new ExportEnd(Id, ExportState.Completed, null))]),
        new("a version that is written", "PublishDatasetVersion", Id, [("WriteDatasetVersion", new PublishEnd(Id, DatasetVersionState.Ready, null))]),
        new("a version that cannot be written", "PublishDatasetVersion", Id, [("WriteDatasetVersion", new PublishEnd(Id, DatasetVersionState.Failed, "away")), ("FailDatasetVersion", null)]),
        new("a deleted dataset", "EmptyDataset", Id, [("RemoveDatasetFiles", null)]),
        new("a ZIP of three batches, the second of which ends it", "UnpackArchive", Id,
            [("PlanArchive", new ArchivePlan(3, IsStream: false)), ("UnpackBatch", true), ("UnpackBatch", false), ("UnpackBatch", true), ("FinishArchive", ArchiveState.Failed)]),
        new("two steps of writing", "ImportAnnotations", Id,
            [("ReadAnnotationFile", true), ("WriteAnnotations", true), ("WriteAnnotations", false), ("FinishAnnotationImport", AnnotationImportState.Completed)]),
        new("a file that cannot be read", "ImportAnnotations", Id, [("ReadAnnotationFile", false), ("FinishAnnotationImport", AnnotationImportState.Failed)]),
        new("proposals in two steps", "WorkOnProposals", Id, [("WorkOnSomeProposals", true), ("WorkOnSomeProposals", false), ("EndProposalRun", ProposalRunState.Completed)]),
        new("a TAR of two steps", "UnpackArchive", Id,
            [("PlanArchive", new ArchivePlan(0, IsStream: true)), ("UnpackTar", new TarCursor(500, 1024, 512)), ("UnpackTar", null), ("FinishArchive", ArchiveState.Completed)]),
        new("a deployment at the second try", "DeployModel", Id, [("LoadDeployment", new DeploymentLoad(DeploymentState.Deploying, null)), ("LoadDeployment", new DeploymentLoad(DeploymentState.Active, null))]),
        new("a copy", "CopyDatabase", Copy,
            [
                ("PreflightCopy", new PreflightReport(1, 1, 1, 0, [])), ("PrepareCopy", null), ("CopyRows", new CopiedRows(1, 1, 1, "0/1")), ("BuildCopyIndexes", null), ("FinishCopy", null), ("VerifyCopy", null),
                ("CloseCopy", null),
            ]),
        new("a comparison", "VerifyDatabases", new DatabaseComparisonRequest("first", "second", 4),
            [("ReadTables", new Dictionary<string, TableContent>()), ("ReadTables", new Dictionary<string, TableContent>())]),
        new("a backup", "TakeBackup", "platform", [("TakeDatabaseBackup", Backup), ("PruneBackups", Array.Empty<string>())]),
        new("a backup that is read", "VerifyBackup", new BackupToTake("platform", Backup.Id), [("VerifyStoredBackup", Backup)]),
        new("a restore beside the database", "RestoreBackup", new RestoreRequest("platform", "latest", "platform", null, Swap: true),
            [("PlanRestore", Plan), ("PrepareRestore", null), ("LoadRestoreTable", null), ("LoadRestoreTable", null), ("FinishRestore", null), ("SwapRestore", "platform_before")]),
        new("a drill", "DrillBackup", "platform",
            [
                ("PlanRestore", Plan), ("PrepareRestore", null), ("LoadRestoreTable", null), ("LoadRestoreTable", null), ("FinishRestore", null),
                ("EndDrill", new DrillRecord(Backup.Id, DateTimeOffset.UnixEpoch, 1, 1)),
            ]),
        new("a sync that deletes", "SyncStorage", new SyncRequest(Buckets, Delete: true, 0.5, IsDryRun: false),
            [
                ("CheckWritableBuckets", null), ("SyncRange", new RangeOutcome { SourceObjects = 9, TargetObjects = 10, Equal = 9, OnlyAtTarget = 1 }),
                ("DeleteRange", new RangeOutcome { Deleted = 1 }),
            ]),
        new("a large object", "CopyLargeObject", new LargeObjectStep(Buckets, Large), [("BeginLargeObject", new LargeUpload(Large.Key, Large.ETag, Large.Size, 1 << 24, "upload")), ("CopyLargeParts", LargeResult.Copied)]),
        new("an import", "ImportOriginal", Import,
            [
                ("PlanImport", new ImportPlan([new PlannedTable("users", "public.users", 2)], [], [])), ("ImportRows", new ImportedRows("users", 1, 1, 0, 0, "[\"1\"]")),
                ("ImportRows", new ImportedRows("users", 1, 1, 0, 0, null)), ("ListImportIssues", Array.Empty<ImportIssue>()),
            ]),
        new("an operation", "RunOperation", Id,
            [
                ("BeginOperation", new OperationStart("TakeBackup", IsActivity: false, JsonSerializer.SerializeToElement("platform"))), ("TakeBackup", JsonSerializer.SerializeToElement(Backup, JsonSerializerOptions.Web)),
                ("EndOperation", null),
            ]),
        new("a dry run", "RunOperation", Id,
            [
                ("BeginOperation", new OperationStart("PreflightCopy", IsActivity: true, JsonSerializer.SerializeToElement("platform"))), ("PreflightCopy", JsonSerializer.SerializeToElement(1)),
                ("EndOperation", null),
            ]),
        new("a comparison of buckets", "CompareStorage", new StorageComparisonRequest(Buckets, ReadsBoth: false), [("CheckBuckets", null), ("CompareRange", new RangeOutcome())]),
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
