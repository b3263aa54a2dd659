using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Application.Exports;
using VisionPlatform.Application.Modules;
using VisionPlatform.Application.Tests.Training;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Training;
using VisionPlatform.Functions.Embedded.Durable;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Functions.Embedded.Tests.Durable;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Orchestrations.Deployments;
using VisionPlatform.Orchestrations.Exports;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary>Buckets, a database with jobs and a database for the engine, shared by all tests.</summary>
public sealed class Servers(PostgresServer postgres) : IAsyncLifetime
{
    private readonly string _bucket = $"test-{Guid.CreateVersion7():n}";

    public TrainingDatabase Training { get; } = new(postgres);

    public DurableDatabase Durable { get; } = new(postgres);

    public ObjectStores Stores { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Training.InitializeAsync();
        await Durable.InitializeAsync();
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        Stores = new ObjectStores(settings with { External = settings.External with { Bucket = _bucket }, Internal = settings.Internal with { Bucket = _bucket } }, TimeProvider.System);
        await Stores.Internal.CreateBucketAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        var keys = new List<string>();
        await foreach (var found in Stores.Internal.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        await Stores.Internal.DeleteAsync(keys, CancellationToken.None);
        Stores.Dispose();
        await Training.DisposeAsync();
    }
}

/// <summary>The orchestrators and activities of the app on the embedded engine, with a trainer of their own.</summary>
internal sealed class Workbench : IAsyncDisposable
{
    private readonly Servers _servers;
    private readonly TrainerClient _client;
    private readonly ModelServerClient _modelServers = new(new ModelServerSettings([], null), TimeProvider.System);
    private readonly FakeAzure? _azure;
    private readonly ContainerAppsJobs _executions;

    private Workbench(Servers servers, FakeTrainer trainer, TimeSpan heartbeatTimeout, FakeAzure? azure)
    {
        _azure = azure;
        (_servers, Trainer) = (servers, trainer);
        Settings = new TrainerSettings(
            new Dictionary<string, Uri> { ["torchvision"] = trainer.Url }, null, new Uri("http://127.0.0.1:1/"), Heartbeat: TimeSpan.FromMilliseconds(50), heartbeatTimeout, MaxAttempts: 2,
            RetryDelay: TimeSpan.FromMilliseconds(10), LooksPerHistory: 150)
        {
            Jobs = azure is null ? new Dictionary<string, TrainerJob>() : new Dictionary<string, TrainerJob> { ["torchvision"] = new(FakeAzure.JobId, Executions: 8) },
            ManagementUrl = azure?.Url ?? new Uri("http://127.0.0.1:1/"),
        };
        _client = new TrainerClient(Settings, TimeProvider.System);
        _executions = NewExecutions();
    }

    public FakeTrainer Trainer { get; }

    public TestEngine Engine { get; private set; } = null!;

    public TrainerSettings Settings { get; }

    /// <summary>The tokens of attempts.</summary>
    public static AttemptTokens Tokens { get; } = new(new SignedToken(new string('s', 40), TimeProvider.System));

    /// <param name="heartbeatTimeout">An hour unless the test is about silence.</param>
    /// <param name="azure">Where executions do the jobs of the trainer, if they do.</param>
    public static async Task<Workbench> StartAsync(Servers servers, TimeSpan? heartbeatTimeout = null, FakeAzure? azure = null)
    {
        var workbench = new Workbench(servers, await FakeTrainer.StartAsync(), heartbeatTimeout ?? TimeSpan.FromHours(1), azure);
        workbench.Engine = await servers.Durable.StartAsync(workbench.Functions());
        return workbench;
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await Trainer.DisposeAsync();
        _client.Dispose();
        _modelServers.Dispose();
        _executions.Dispose();
    }

    /// <summary>Another process that starts executions.</summary>
    public ContainerAppsJobs NewExecutions() => new(Settings, () => _azure!.Credential, TimeProvider.System, NullLogger<ContainerAppsJobs>.Instance);

    /// <summary>Makes the orchestration look at its attempt.</summary>
    public Task WakeAsync(Guid subjectId) => Engine.Client.WakeAsync(subjectId, "test", TestContext.Current.CancellationToken);

    /// <summary>Asks for the end of a job, as a person does.</summary>
    public async Task CancelAsync(Guid jobId)
    {
        await using (var database = _servers.Training.Open())
            await database.TrainingJobs.Where(job => job.Id == jobId).ExecuteUpdateAsync(set => set.SetProperty(job => job.CancelRequested, true));
        await WakeAsync(jobId);
    }

    /// <summary>Runs the work of a row to its end.</summary>
    public async Task<T> EndOfAsync<T>(RecoverableWork work, Guid id)
    {
        await Engine.Client.ScheduleOnceAsync(work, id, TestContext.Current.CancellationToken);
        return (await Engine.EndOf(work.InstanceId(id))).ReadOutputAs<T>()!;
    }

    /// <summary>Waits until the trainer has been sent the job or export this many times.</summary>
    public async Task<TrainerJobRequest> SentAsync(Guid subjectId, int attempts = 1)
    {
        await Eventually.TrueAsync(() => Trainer.Jobs.Count(job => job.JobId == subjectId) >= attempts, $"the trainer has got {attempts} attempts of {subjectId}");
        return Trainer.Jobs.Last(job => job.JobId == subjectId);
    }

    /// <summary>Reports events in the name of the trainer, as its callback does.</summary>
    public async Task ReportAsync(Guid subjectId, params AttemptEvent[] events)
    {
        await using var database = _servers.Training.Open();
        var attempt = await database.Attempts.Where(a => a.SubjectId == subjectId).OrderByDescending(a => a.Number).FirstAsync();
        var numbered = events.Select((entry, index) => entry with { Seq = attempt.LastSequence + 1 + index, Time = DateTimeOffset.UtcNow }).ToArray();
        foreach (var subject in (await _servers.Training.ReportAsync(attempt.Id, numbered)).Subjects)
            await Engine.Client.WakeAsync(subject, "reported", TestContext.Current.CancellationToken);
    }

    public async Task<List<Attempt>> AttemptsAsync(Guid subjectId)
    {
        await using var database = _servers.Training.Open();
        return await database.Attempts.AsNoTracking().Where(attempt => attempt.SubjectId == subjectId).OrderBy(attempt => attempt.Number).ToListAsync();
    }

    private TestFunctions Functions() => new TestFunctions()
        .Orchestrator("TrainModel", TrainModel.RunAsync)
        .Orchestrator("RunOnTrainer", RunOnTrainer.RunAsync)
        .Orchestrator("ExportModels", ExportModels.RunAsync)
        .Orchestrator("ExportModel", ExportModels.ExportModel)
        .Orchestrator("DeployModel", DeployModel.RunAsync)
        .Activity("OpenAttempt", Call<AttemptOpening, AttemptTicket>((database, input, stop) => Attempts(database).OpenAttempt(input, stop)))
        .Activity("StartAttempt", Call<Guid, AttemptStart>((database, input, stop) => Attempts(database).StartAttempt(input, stop)))
        .Activity("LookAtAttempt", Call<AttemptCheck, AttemptStatus>((database, input, stop) => Attempts(database).CheckAttempt(input, stop)))
        .Activity("FinalizeJob", Call<Guid, JobEnd>((database, input, stop) => new JobActivities(Completion(database)).FinalizeJob(input, stop)))
        .Activity("EndJob", Call<JobEnd, object?>(async (database, input, stop) =>
        {
            await new JobActivities(Completion(database)).EndJob(input, stop);
            return null;
        }))
        .Activity("FinishExport", Call<ExportRunEnd, ExportEnd>((database, input, stop) =>
            new ExportActivities(new ExportLifecycle(database, Catalog(database), _servers.Stores, null!, TimeProvider.System)).FinishExport(input, stop)))
        .Activity("LoadDeployment", Call<DeploymentTry, DeploymentLoad>((database, input, stop) =>
            new DeploymentActivities(new DeploymentLifecycle(database, new ServedModels(database, _modelServers, _client, _servers.Stores, null!, null!), TimeProvider.System)).LoadDeployment(input, stop)));

    private Func<TInput, CancellationToken, Task<TResult>> Call<TInput, TResult>(Func<PlatformDatabase, TInput, CancellationToken, Task<TResult>> activity) =>
        async (input, stop) =>
        {
            await using var database = _servers.Training.Open();
            return await activity(database, input, stop);
        };

    private AttemptActivities Attempts(PlatformDatabase database)
    {
        return new(new AttemptLifecycle(
            database, Catalog(database), new TrainerLaunch(_client, _executions, Tokens, Settings, TimeProvider.System), new TrainerRequestBuilder(database, new AttemptInputs(database, _servers.Stores, DatasetLimits.Default), Tokens, Settings, TimeProvider.System), Settings, TimeProvider.System));
    }

    private TrainerCatalog Catalog(PlatformDatabase database) => new(_client, database, TimeProvider.System);

    private JobCompletion Completion(PlatformDatabase database) =>
        new(database, _servers.Stores, new JobRecordKeeping(database, _servers.Stores, Settings, TimeProvider.System), TimeProvider.System);
}
