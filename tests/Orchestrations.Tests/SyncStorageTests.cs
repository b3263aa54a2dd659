using System.Collections.Concurrent;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Functions.Embedded.Tests.Durable;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary>Syncs as orchestrations of the embedded engine, between two buckets on the real store.</summary>
public sealed class SyncStorageTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly DurableDatabase _durable = new(postgres);
    private readonly DataLocations _locations = new();
    private readonly OperationMeter _meter = new();
    private readonly ConcurrentQueue<string> _calls = new();
    private ObjectStore _source = null!;
    private ObjectStore _target = null!;
    private StorageSyncs _syncs = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static BucketPair Buckets { get; } = new("source", "target", "here → there", "", 16, null);

    public async ValueTask InitializeAsync()
    {
        await _durable.InitializeAsync();
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External;
        var (source, target) = (settings with { Bucket = $"test-source-{Guid.CreateVersion7():n}" }, settings with { Bucket = $"test-target-{Guid.CreateVersion7():n}" });
        // By another host name, so that the store does not copy by itself.
        target = target with { Endpoint = new UriBuilder(target.Endpoint) { Host = "localhost" }.Uri };
        (_source, _target) = (new ObjectStore(source, TimeProvider.System), new ObjectStore(target, TimeProvider.System));
        await _source.CreateBucketAsync(Cancellation);
        await _target.CreateBucketAsync(Cancellation);
        _locations.AddBucket("source", source);
        _locations.AddBucket("target", target);
        _syncs = new StorageSyncs(_locations, _meter, new DifferenceReceiver(), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in (ObjectStore[])[_source, _target])
        {
            await store.DeleteAsync(await KeysAsync(store), CancellationToken.None);
            await foreach (var left in store.ListMultipartsAsync("", CancellationToken.None))
                await store.AbortMultipartAsync(left.Key, left.UploadId, CancellationToken.None);
            await store.DeleteBucketAsync(CancellationToken.None);
            store.Dispose();
        }
        _syncs.Dispose();
    }

    [Fact]
    public async Task A_sync_copies_small_and_large_objects_deletes_the_rest_and_keeps_its_history_small()
    {
        await using var engine = await _durable.StartAsync(Functions());
        await Parallel.ForAsync(0, 2500, Cancellation, async (i, stop) => await _source.PutAsync($"images/{i:d5}.png", BitConverter.GetBytes(i), "image/png", stop));
        await _source.PutAsync("models/large", new MemoryStream(new byte[StoragePair.LargeFrom + 5]), "application/x-weights", Cancellation);
        await _target.PutAsync("images/old.png", new byte[1], "image/png", Cancellation);

        var report = await EndOfAsync<SyncReport>(engine, nameof(SyncStorage), new SyncRequest(Buckets, Delete: true, 1, IsDryRun: false));
        Assert.Equal(("delete", 1), (_meter.Phase, _meter.Items));
        var again = await EndOfAsync<SyncReport>(engine, nameof(SyncStorage), new SyncRequest(Buckets, Delete: true, 0.25, IsDryRun: false));
        var compared = await EndOfAsync<RangeOutcome>(engine, nameof(CompareStorage), new StorageComparisonRequest(Buckets, ReadsBoth: false));

        Assert.Equal((2501, 2501, 1, 0, null), (report.Summary.SourceObjects, report.Summary.Copied, report.Summary.Deleted, report.Summary.Failed, report.NotDeleted));
        Assert.Equal((2501, 0, 0), (again.Summary.Equal, again.Summary.Copied, again.Summary.Deleted));
        Assert.Equal((2501, 0), (compared.Equal, compared.Differing));
        Assert.Equal(await KeysAsync(_source), await KeysAsync(_target));
        Assert.InRange(_calls.Count, 9, 12);
    }

    [Fact]
    public async Task The_rest_of_many_keys_is_counted_when_it_is_split()
    {
        foreach (var i in Enumerable.Range(0, 9))
            await _source.PutAsync($"k{i}", new byte[10], "text/plain", Cancellation);
        await _target.PutAsync("k8", new byte[10], "text/plain", Cancellation);
        await _syncs.SyncRangeAsync(new SyncRangeStep(Buckets, new KeyRange(null, "k2")), Cancellation);

        await _syncs.PlanAsync(new PlanStep(Buckets, "k2"), Cancellation);
        Assert.Equal((3, 0), (_meter.Items, _meter.ExpectedItems));
        await _syncs.PlanAsync(new PlanStep(Buckets, "k2", Counts: true), Cancellation);

        Assert.Equal(("copy", 5, 50), (_meter.Phase, _meter.ExpectedItems, _meter.ExpectedBytes));
    }

    [Fact]
    public async Task Nothing_is_deleted_when_the_source_is_empty_or_too_much_would_go()
    {
        await using var engine = await _durable.StartAsync(Functions());
        foreach (var i in Enumerable.Range(0, 4))
            await _target.PutAsync($"k{i}", new byte[1], "text/plain", Cancellation);

        var empty = await EndOfAsync<SyncReport>(engine, nameof(SyncStorage), new SyncRequest(Buckets, Delete: true, 1, IsDryRun: false));
        await _source.PutAsync("k0", new byte[1], "text/plain", Cancellation);
        await _source.PutAsync("k1", new byte[1], "text/plain", Cancellation);
        var half = await EndOfAsync<SyncReport>(engine, nameof(SyncStorage), new SyncRequest(Buckets, Delete: true, 0.49, IsDryRun: false));
        var dry = await EndOfAsync<SyncReport>(engine, nameof(SyncStorage), new SyncRequest(Buckets, Delete: true, 0.5, IsDryRun: true));

        Assert.Equal("the source lists no object, so the 4 of the target stay", empty.NotDeleted);
        Assert.Equal("2 of 4 objects (50%) would go, more than 49% (--max-delete)", half.NotDeleted);
        Assert.Equal((2, 0, null), (dry.Summary.OnlyAtTarget, dry.Summary.Deleted, dry.NotDeleted));
        Assert.Equal(["k0", "k1", "k2", "k3"], await KeysAsync(_target));
        Assert.DoesNotContain(nameof(StorageActivities.DeleteRange), _calls);

        var agreed = await EndOfAsync<SyncReport>(engine, nameof(SyncStorage), new SyncRequest(Buckets, Delete: true, 0.5, IsDryRun: false));
        Assert.Equal(2, agreed.Summary.Deleted);
        Assert.Equal(["k0", "k1"], await KeysAsync(_target));
    }

    [Fact]
    public async Task A_large_object_goes_on_with_the_same_upload_after_its_activity_failed()
    {
        var functions = Functions();
        var uploads = new ConcurrentQueue<string>();
        functions.Activity<LargeObjectStep, LargeResult>(nameof(StorageActivities.CopyLargeParts), async (step, stop) =>
        {
            uploads.Enqueue(step.Upload!.UploadId);
            if (uploads.Count == 1)
                throw new IOException("the process lost its network");
            return await _syncs.ContinueLargeAsync(step, stop);
        });
        await using var engine = await _durable.StartAsync(functions);
        await _source.PutAsync("large", new MemoryStream(new byte[StoragePair.LargeFrom + 5]), "application/x-weights", Cancellation);

        var report = await EndOfAsync<SyncReport>(engine, nameof(SyncStorage), new SyncRequest(Buckets, Delete: false, 0, IsDryRun: false));

        Assert.Equal(1, report.Summary.Copied);
        Assert.Equal(2, uploads.Count);
        Assert.Single(uploads.Distinct());
        Assert.Single(_calls, nameof(StorageActivities.BeginLargeObject));
    }

    [Fact]
    public async Task What_trying_again_does_not_change_ends_the_operation_with_a_sentence()
    {
        await using var engine = await _durable.StartAsync(Functions());
        _locations.AddBucket("target", _locations.Bucket("target") with { Bucket = "no-such-bucket" });

        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SyncStorage), new SyncRequest(Buckets, Delete: true, 1, IsDryRun: false), Cancellation);
        var end = await engine.EndOf(id);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("there is no bucket 'no-such-bucket'", end.FailureDetails!.ToString());
        Assert.Single(_calls);
    }

    private static async Task<T> EndOfAsync<T>(TestEngine engine, string orchestrator, object input) =>
        (await engine.EndOf(await engine.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, Cancellation))).ReadOutputAs<T>()!;

    private static async Task<List<string>> KeysAsync(ObjectStore store)
    {
        var keys = new List<string>();
        await foreach (var found in store.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    private TestFunctions Functions()
    {
        var activities = new StorageActivities(_syncs);
        return new TestFunctions()
            .Orchestrator(nameof(SyncStorage), SyncStorage.RunAsync)
            .Orchestrator(nameof(SyncStorage.CopyLargeObject), SyncStorage.CopyLargeObject)
            .Orchestrator(nameof(CompareStorage), CompareStorage.RunAsync)
            .Activity(nameof(StorageActivities.CheckBuckets), Counted<BucketPair>(nameof(StorageActivities.CheckBuckets), activities.CheckBuckets))
            .Activity(nameof(StorageActivities.CheckWritableBuckets), Counted<BucketPair>(nameof(StorageActivities.CheckWritableBuckets), activities.CheckWritableBuckets))
            .Activity(nameof(StorageActivities.PlanRanges), Counted<PlanStep, IReadOnlyList<KeyRange>>(nameof(StorageActivities.PlanRanges), activities.PlanRanges))
            .Activity(nameof(StorageActivities.SyncRange), Counted<SyncRangeStep, RangeOutcome>(nameof(StorageActivities.SyncRange), activities.SyncRange))
            .Activity(nameof(StorageActivities.CompareRange), Counted<CompareRangeStep, RangeOutcome>(nameof(StorageActivities.CompareRange), activities.CompareRange))
            .Activity(nameof(StorageActivities.DeleteRange), Counted<SyncRangeStep, RangeOutcome>(nameof(StorageActivities.DeleteRange), activities.DeleteRange))
            .Activity(nameof(StorageActivities.BeginLargeObject), Counted<LargeObjectStep, LargeUpload?>(nameof(StorageActivities.BeginLargeObject), activities.BeginLargeObject))
            .Activity(nameof(StorageActivities.CopyLargeParts), Counted<LargeObjectStep, LargeResult>(nameof(StorageActivities.CopyLargeParts), activities.CopyLargeParts));
    }

    private Func<TInput, CancellationToken, Task<TResult>> Counted<TInput, TResult>(string name, Func<TInput, CancellationToken, Task<TResult>> activity) => (input, stop) =>
    {
        _calls.Enqueue(name);
        return activity(input, stop);
    };

    private Func<TInput, CancellationToken, Task<object?>> Counted<TInput>(string name, Func<TInput, CancellationToken, Task> activity) => async (input, stop) =>
    {
        _calls.Enqueue(name);
        await activity(input, stop);
        return null;
    };
}
