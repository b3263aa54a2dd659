using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Projects;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>Migrated databases and a bucket of its own on real servers; the bucket is emptied when the tests end.</summary>
public sealed class DatasetFixture(PostgresServer postgres) : IAsyncLifetime
{
    private NpgsqlDataSource _users = null!;

    public NpgsqlDataSource DataSource { get; private set; } = null!;

    public ObjectStores Stores { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var url = new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", await postgres.NewDatabaseAsync()), new("DB_POOL_SIZE", "30")]).Build();
        DataSource = NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(url, "DATABASE_URL"));
        await using (var database = Database())
            await database.Database.MigrateAsync();
        var users = new ConfigurationBuilder().AddInMemoryCollection([new("USER_DATABASE_URL", await postgres.NewDatabaseAsync()), new("DB_POOL_SIZE", "5")]).Build();
        _users = NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(users, "USER_DATABASE_URL"));
        await using (var database = Users())
            await database.Database.MigrateAsync();

        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        Stores = new ObjectStores(settings with { External = settings.External with { Bucket = $"test-{Guid.CreateVersion7():n}" } }, TimeProvider.System);
        await Stores.External.CreateBucketAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _users.DisposeAsync();
        var keys = new List<string>();
        await foreach (var found in Stores.External.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        await Stores.External.DeleteAsync(keys, CancellationToken.None);
        await Stores.External.Client.DeleteBucketAsync(Stores.External.Bucket);
        Stores.Dispose();
    }

    public PlatformDatabase Database() => new(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(DataSource).Options);

    public UserDatabase Users() => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(_users).Options);

    /// <summary>A new empty dataset in a new project.</summary>
    public async Task<DatasetWorkbench> NewDatasetAsync(
        SplitSettings? split = null, TaskType task = TaskType.ImageClassification, IReadOnlyList<string>? classes = null, KeypointList? keypoints = null)
    {
        await using var database = Database();
        var now = DateTimeOffset.UtcNow;
        var project = new Project { Name = $"p-{Guid.NewGuid()}", OwnerId = Guid.CreateVersion7(), CreatedAt = now, UpdatedAt = now };
        var dataset = new Dataset
        {
            ProjectId = project.Id, Name = "digits", TaskType = task, Split = split ?? SplitSettings.Default, Classes = classes ?? [], Keypoints = keypoints,
            CreatedBy = project.OwnerId, CreatedAt = now, UpdatedAt = now,
        };
        database.Add(project);
        database.Add(dataset);
        await database.SaveChangesAsync();
        return new DatasetWorkbench(this, dataset);
    }
}

/// <summary>One dataset and what can be done with it, each call with services of its own as a request has.</summary>
public sealed partial class DatasetWorkbench(DatasetFixture fixture, Dataset dataset)
{
    private static readonly HttpClient Http = new();
    private static readonly ImageInspector Inspector = new();

    public Dataset Dataset { get; } = dataset;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <param name="by">Who announces; the creator of the dataset unless said otherwise.</param>
    public async Task<UploadTickets> AnnounceAsync(IReadOnlyList<AnnouncedFile> files, bool skip = false, Guid? by = null)
    {
        await using var database = fixture.Database();
        return await new UploadIntake(fixture.DataSource, fixture.Stores, Staged(database), DatasetLimits.Default, Time)
            .AnnounceAsync(Dataset.Id, by ?? Dataset.CreatedBy, files, skip, quota: null, CancellationToken.None);
    }

    public async Task<CompletedUploads> CompleteAsync(params IReadOnlyList<Guid> uploads)
    {
        await using var database = fixture.Database();
        return await new UploadCompletion(database, fixture.Stores, Staged(database), Inspector, Time).CompleteAsync(Dataset.Id, uploads, CancellationToken.None);
    }

    /// <summary>Works off some of the queue of thumbnails, which all datasets share, as one instance of the app does.</summary>
    public async Task<int> MakeDueThumbnailsAsync(ILogger<Thumbnails>? log = null, CancellationToken cancellation = default)
    {
        await using var database = fixture.Database();
        return await Thumbnails(database, log).MakeDueAsync(cancellation);
    }

    /// <summary>The key of an image's thumbnail, as somebody who looks at it gets it.</summary>
    public async Task<string?> ViewThumbnailAsync(Guid image)
    {
        await using var database = fixture.Database();
        return await Thumbnails(database).ViewAsync(Dataset.Id, image, CancellationToken.None);
    }

    public Thumbnails Thumbnails(PlatformDatabase database, ILogger<Thumbnails>? log = null) =>
        new(database, fixture.Stores, Staged(database), Inspector, Time, log ?? NullLogger<Thumbnails>.Instance);

    public async Task<PublishedVersion> PublishAsync(string? note = null, SplitSource source = SplitSource.Ratios, bool annotatedOnly = false)
    {
        await using var database = fixture.Database();
        return await new VersionPublisher(database, Time).PublishAsync(Dataset.Id, Dataset.CreatedBy, note, CancellationToken.None, source, annotatedOnly);
    }

    public async Task RemoveAsync(Guid image)
    {
        await using var database = fixture.Database();
        await new ImageRemoval(database, fixture.Stores, Time).RemoveAsync(Dataset.Id, image, CancellationToken.None);
    }

    public async Task<int> ExpireAsync()
    {
        await using var database = fixture.Database();
        return await Staged(database).ExpireAsync(CancellationToken.None);
    }

    public async Task<int> RemoveLeftAsync()
    {
        await using var database = fixture.Database();
        return await Staged(database).RemoveLeftAsync(CancellationToken.None);
    }

    /// <summary>Deletes the dataset unless it is deleted, and removes what nothing needs, as its orchestration does.</summary>
    public async Task DeleteAsync()
    {
        await using var database = fixture.Database();
        await using var users = fixture.Users();
        if (await database.Datasets.AnyAsync(dataset => dataset.Id == Dataset.Id && dataset.DeletedAt == null))
            await new DatasetLifecycle(database, null!, new EndedTargets(users, database, Time), Time).DeleteAsync(Dataset.Id, _ => { }, CancellationToken.None);
        await new DatasetRemoval(database, fixture.Stores, Time).EmptyAsync(Dataset.Id, CancellationToken.None);
    }

    /// <summary>Bytes of the dataset that count in quotas.</summary>
    public async Task<long> UsageAsync()
    {
        await using var database = fixture.Database();
        return await database.DatasetUsage.Where(usage => usage.DatasetId == Dataset.Id).SumAsync(usage => usage.Bytes);
    }

    public async Task<List<string>> KeysAsync(string? prefix = null)
    {
        var keys = new List<string>();
        await foreach (var found in fixture.Stores.External.ListAsync(prefix ?? DatasetKeys.All(Dataset.Id), CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    private StagedUploads Staged(PlatformDatabase database) => new(database, fixture.Stores, DatasetLimits.Default, Time);

    /// <summary>Announces an archive, puts it and completes it; nothing is unpacked yet.</summary>
    public async Task<DatasetArchive> UploadArchiveAsync(byte[] content, ImageLayout layout = ImageLayout.FoldersAreClasses, string folder = "")
    {
        await using var database = fixture.Database();
        await using var users = fixture.Users();
        var archives = Archives(database, users);
        var once = new IdempotentCreate<ArchiveTicket>(null, _ => new StoredAnswer(201, null, null, null), Time);
        var ticket = (await archives.AnnounceAsync(Dataset.Id, Dataset.CreatedBy, new ArchiveDraft("images", content.Length, layout, folder), once, CancellationToken.None)).Made!;
        Assert.Equal(200, await PutAsync(ticket.Request, content));
        return await archives.CompleteAsync(Dataset.Id, ticket.Archive.Id, CancellationToken.None);
    }

    public async Task<DatasetArchive> CancelAsync(Guid archive)
    {
        await using var database = fixture.Database();
        await using var users = fixture.Users();
        return await Archives(database, users).CancelAsync(Dataset.Id, archive, CancellationToken.None);
    }

    public async Task<int> ExpireArchivesAsync()
    {
        await using var database = fixture.Database();
        await using var users = fixture.Users();
        return await Archives(database, users).ExpireAsync(CancellationToken.None);
    }

    /// <summary>Unpacks to the end, step by step, as the orchestration does, each step with services of its own.</summary>
    public async Task<DatasetArchive> UnpackAsync(Guid archive, ArchiveLimits? limits = null)
    {
        var plan = await StepAsync(unpacking => unpacking.PlanAsync(archive, CancellationToken.None), limits);
        for (var batch = 0; batch < plan.Batches; batch++)
            await StepAsync(unpacking => unpacking.UnpackBatchAsync(archive, batch, CancellationToken.None), limits);
        for (var from = plan.IsStream ? TarCursor.Start : null; from is not null;)
            from = await StepAsync(unpacking => unpacking.UnpackTarAsync(archive, from, CancellationToken.None), limits);
        await StepAsync(unpacking => unpacking.FinishAsync(archive, CancellationToken.None), limits);
        await using var database = fixture.Database();
        return await database.DatasetArchives.AsNoTracking().SingleAsync(row => row.Id == archive);
    }

    public async Task<DatasetArchive> UnpackAsync(byte[] content, ImageLayout layout = ImageLayout.FoldersAreClasses, string folder = "", ArchiveLimits? limits = null) =>
        await UnpackAsync((await UploadArchiveAsync(content, layout, folder)).Id, limits);

    /// <summary>One step of unpacking.</summary>
    public async Task<T> StepAsync<T>(Func<ArchiveUnpacking, Task<T>> step, ArchiveLimits? limits = null)
    {
        await using var database = fixture.Database();
        await using var users = fixture.Users();
        var (quotas, allowed) = (new Quotas(database, users, Time), limits ?? ArchiveLimits.Default);
        var entries = new ArchiveEntries(
            database, fixture.Stores, new UploadIntake(fixture.DataSource, fixture.Stores, Staged(database), DatasetLimits.Default, Time),
            new UploadCompletion(database, fixture.Stores, Staged(database), Inspector, Time), quotas);
        return await step(new ArchiveUnpacking(
            database, fixture.Stores, Staged(database), entries, new ZipPlanning(database, allowed, DatasetLimits.Default),
            new TarUnpacking(database, fixture.Stores, entries, allowed, DatasetLimits.Default), quotas, Time));
    }

    /// <summary>What was not taken: name and code, in the order of the archive.</summary>
    public async Task<List<(string Name, string? Code)>> NotTakenAsync(Guid archive)
    {
        await using var database = fixture.Database();
        return [.. (await database.DatasetArchiveEntries.Where(entry => entry.ArchiveId == archive).OrderBy(entry => entry.Number).ToListAsync()).Select(entry => (entry.Name, entry.Code))];
    }

    public async Task<List<DatasetImage>> ImagesAsync()
    {
        await using var database = fixture.Database();
        return [.. (await database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == Dataset.Id).ToListAsync()).OrderBy(image => image.Path, StringComparer.Ordinal)];
    }

    private ArchiveIntake Archives(PlatformDatabase database, UserDatabase users) =>
        new(database, fixture.Stores, Staged(database), new Quotas(database, users, Time), DatasetLimits.Default, Time);

    /// <summary>Announces, puts and completes files, and makes the thumbnails; every one must become an image.</summary>
    public async Task<IReadOnlyList<DatasetImage>> UploadAsync(params IReadOnlyList<(string Path, byte[] Content)> files)
    {
        var done = await CompleteFilesAsync(files);
        Assert.Empty(done.Failed);
        while (await MakeDueThumbnailsAsync() > 0)
        {
        }
        await using var database = fixture.Database();
        var images = await database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == Dataset.Id).ToDictionaryAsync(image => image.Id);
        return [.. done.Completed.Select(image => images[image.Id])];
    }

    /// <summary>Announces, puts and completes files.</summary>
    public async Task<CompletedUploads> CompleteFilesAsync(params IReadOnlyList<(string Path, byte[] Content)> files)
    {
        var tickets = await AnnounceAsync([.. files.Select(file => new AnnouncedFile(file.Path, file.Content.Length, "image/png", ImagePath.ClassOf(file.Path)))]);
        await Parallel.ForEachAsync(tickets.Uploads.Zip(files), async (pair, _) => Assert.Equal(200, await PutAsync(pair.First, pair.Second.Content)));
        return await CompleteAsync([.. tickets.Uploads.Select(ticket => ticket.UploadId)]);
    }

    public static Task<int> PutAsync(UploadTicket ticket, byte[] content) => PutAsync(ticket.Request, content);

    public static async Task<int> PutAsync(PresignedRequest where, byte[] content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, where.Url) { Content = new ByteArrayContent(content) };
        foreach (var (name, value) in where.Headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Http.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
