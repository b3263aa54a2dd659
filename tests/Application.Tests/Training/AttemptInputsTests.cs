using System.IO.Compression;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>What a trainer gets to read.</summary>
public sealed class AttemptInputsTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>, IAsyncLifetime
{
    private static readonly SplitSettings HalfAndHalf = SplitSettings.Default with { Ratios = [0.5, 0.5], Stratified = true };

    private readonly string _bucket = $"test-{Guid.CreateVersion7():n}";

    private ObjectStores _stores = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        _stores = new ObjectStores(settings with { External = settings.External with { Bucket = _bucket }, Internal = settings.Internal with { Bucket = _bucket } }, TimeProvider.System);
        await _stores.Internal.CreateBucketAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.Internal.DeleteAsync(await KeysAsync(), CancellationToken.None);
        await _stores.Internal.Client.DeleteBucketAsync(_bucket);
        _stores.Dispose();
    }

    [Fact]
    public async Task A_job_gets_the_manifest_of_its_version_and_nothing_is_written_for_it()
    {
        var (job, version) = await JobAsync(split: null);
        await using var database = training.Open();

        var dataset = await Inputs(database).DatasetAsync(job, job.Id, Cancellation);

        Assert.Equal($"/{_bucket}/{version.ManifestKey}", dataset!.ManifestUrl.AbsolutePath);
        Assert.Equal(version.Hash, dataset.ManifestSha256);
        Assert.Equal(["cat", "dog"], dataset.Classes);
        Assert.Equal(7_000_000, dataset.MaxImagePixels);
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task A_job_that_divides_the_images_itself_gets_a_manifest_of_its_own_that_is_written_once()
    {
        var (job, version) = await JobAsync(HalfAndHalf);
        await using var database = training.Open();

        var dataset = await Inputs(database).DatasetAsync(job, job.Id, Cancellation);
        var key = Assert.Single(await KeysAsync());
        await database.DatasetVersionImages.Where(image => image.VersionId == version.Id).ExecuteDeleteAsync(Cancellation);
        var again = await Inputs(database).DatasetAsync(job, job.Id, Cancellation);

        Assert.Equal($"jobs/{job.Id}/manifest-{dataset!.ManifestSha256}.jsonl.gz", key);
        Assert.Equal((dataset.ManifestSha256, dataset.ManifestUrl.AbsolutePath), (again!.ManifestSha256, again.ManifestUrl.AbsolutePath));
        using var http = new HttpClient();
        await using var unpacked = new GZipStream(await http.GetStreamAsync(dataset.ManifestUrl, Cancellation), CompressionMode.Decompress);
        var lines = (await new StreamReader(unpacked).ReadToEndAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(Paths, lines.Select(line => line.GetProperty("path").GetString()));
        Assert.Equal(["train", "val"], lines.Select(line => line.GetProperty("split").GetString()).Distinct().Order());
    }

    [Fact]
    public async Task A_manifest_of_its_own_has_the_annotations_of_the_version()
    {
        var (job, version) = await JobAsync(HalfAndHalf);
        await using var database = training.Open();
        database.AddRange(Paths.Select((path, i) => new VersionAnnotations
        {
            VersionId = version.Id, Path = path, Content = i == 0 ? "[]" : $$"""[{"class":"cat","box":[{{i}},1,2,2]}]""", ClassNames = [], ClassObjects = [],
        }));
        await database.SaveChangesAsync(Cancellation);
        IReadOnlyList<string> classes = ["dog", "cat"];
        await database.DatasetVersions.Where(row => row.Id == version.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.AnnotationClasses, classes), Cancellation);

        var dataset = await Inputs(database).DatasetAsync(job, job.Id, Cancellation);

        Assert.Equal(["dog", "cat"], dataset!.Classes);
        using var http = new HttpClient();
        await using var unpacked = new GZipStream(await http.GetStreamAsync(dataset.ManifestUrl, Cancellation), CompressionMode.Decompress);
        var lines = (await new StreamReader(unpacked).ReadToEndAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["[]", .. Enumerable.Range(1, 3).Select(i => $$"""[{"class":"cat","box":[{{i}},1,2,2]}]""")], lines.Select(line => line.GetProperty("annotations").GetRawText()));
        Assert.Equal(["train", "val"], lines.Select(line => line.GetProperty("split").GetString()).Distinct().Order());
    }

    [Theory]
    [InlineData(AttemptKind.Train)]
    [InlineData(AttemptKind.Export)]
    public async Task Images_are_signed_for_the_version_of_the_attempt_alone(AttemptKind kind)
    {
        var (job, _) = await JobAsync(split: null);
        await JobAsync(split: null, "z.png");
        var attempt = new Attempt { Kind = kind, SubjectId = kind == AttemptKind.Train ? job.Id : await training.AddExportAsync(job), Number = 1, Trainer = "torchvision" };
        await using var database = training.Open();

        var images = await Inputs(database).ImagesAsync(attempt, [Paths[2], Paths[0]], Cancellation);
        var foreign = await Assert.ThrowsAsync<ProblemException>(() => Inputs(database).ImagesAsync(attempt, [Paths[0], "z.png"], Cancellation));

        Assert.Equal([(Paths[2], $"/{_bucket}/key-{Paths[2]}"), (Paths[0], $"/{_bucket}/key-{Paths[0]}")], images.Images.Select(image => (image.Path, image.Url.AbsolutePath)));
        Assert.All(images.Images, image => Assert.Contains("X-Amz-Expires=3600", image.Url.Query, StringComparison.Ordinal));
        Assert.Equal((ErrorCodes.ValidationFailed, "paths[1]"), (foreign.Error, foreign.Errors.Keys.Single()));
    }

    private static string[] Paths => ["a.png", "b.png", "c.png", "d.png"];

    private AttemptInputs Inputs(Infrastructure.Persistence.PlatformDatabase database) => new(database, _stores, DatasetLimits.Default with { MaxImagePixels = 7_000_000 });

    /// <summary>A job on a version of its own with four images of two classes, all in train.</summary>
    private async Task<(TrainingJob Job, DatasetVersion Version)> JobAsync(SplitSettings? split, params string[] more)
    {
        await using var database = training.Open();
        var first = await database.DatasetVersions.AsNoTracking().OrderBy(version => version.Number).FirstAsync(Cancellation);
        var number = await database.DatasetVersions.MaxAsync(version => version.Number, Cancellation) + 1;
        var version = new DatasetVersion
        {
            DatasetId = first.DatasetId, Number = number, Hash = $"{number:x64}", State = DatasetVersionState.Ready, ImageCount = 4, SizeBytes = 4,
            ClassCounts = new() { ["cat"] = 2, ["dog"] = 2 }, SplitCounts = new(4, 0, 0), CreatedBy = first.CreatedBy, ManifestKey = $"versions/{number}.jsonl.gz",
        };
        database.Add(version);
        foreach (var (path, index) in Paths.Concat(more).Select((path, index) => (path, index)))
            database.Add(new DatasetVersionImage
            {
                VersionId = version.Id, Path = path, Key = $"key-{path}", Class = index % 2 == 0 ? "cat" : "dog", Split = Split.Train, Size = 1,
                Sha256 = $"{index + 1:x64}", Width = 8, Height = 8,
            });
        var (queued, _) = await training.QueueAsync();
        await database.SaveChangesAsync(Cancellation);
        await database.TrainingJobs.Where(job => job.Id == queued.Id).ExecuteUpdateAsync(set => set
            .SetProperty(job => job.DatasetVersionId, version.Id).SetProperty(job => job.Split, split), Cancellation);
        return (await database.TrainingJobs.AsNoTracking().SingleAsync(job => job.Id == queued.Id, Cancellation), version);
    }

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var found in _stores.Internal.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }
}
