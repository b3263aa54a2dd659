using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>The images of predictions: what is read of the file of a trainer, and two of them compared.</summary>
public sealed class PredictedImagesTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>, IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly string _bucket = $"test-{Guid.CreateVersion7():n}";

    private ObjectStores _stores = null!;

    public async ValueTask InitializeAsync()
    {
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        _stores = new ObjectStores(settings with { External = settings.External with { Bucket = _bucket }, Internal = settings.Internal with { Bucket = _bucket } }, TimeProvider.System);
        await _stores.Internal.CreateBucketAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await foreach (var stored in _stores.Internal.ListAsync("", CancellationToken.None))
            await _stores.Internal.DeleteAsync(stored.Key, CancellationToken.None);
        await _stores.Internal.Client.DeleteBucketAsync(_bucket);
        _stores.Dispose();
    }

    [Fact]
    public async Task A_completed_classification_has_a_row_for_each_image_and_counts_them()
    {
        var version = await NewVersionAsync(TaskType.ImageClassification, ("a/1", "a", null), ("a/2", "a", null), ("b/1", "b", null));

        var prediction = await PredictAsync(version, measure: true, Line("a/1", "a"), Line("a/2", "b"), """{"path":"b/1","error":"UNREADABLE"}""");

        Assert.Equal(PredictionState.Completed, prediction.State);
        Assert.Equal((1, 1, 0, 1, 0), Counts(prediction));
        Assert.Equal([("a", 2), ("b", 2)], prediction.Outcomes!.Classes.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
        await using var database = training.Open();
        var images = await database.PredictedImages.Where(row => row.PredictionId == prediction.Id).OrderBy(row => row.Path).ToListAsync(Cancellation);
        Assert.Equal([("a/1", "a", "a", ImageOutcome.Right), ("a/2", "a", "b", ImageOutcome.Wrong), ("b/1", "b", null, ImageOutcome.Failed)], images.Select(row => (row.Path, row.TrueClass, row.Class, row.Outcome)));
        Assert.Equal(0.75, JsonSerializer.Deserialize<PredictedAnswer>(images[1].Answer, JsonSerializerOptions.Web)!.Top!.Single().Confidence);
        Assert.Equal(["a/2", "b/1"], await database.PredictedImageClasses.Where(row => row.PredictionId == prediction.Id && row.Class == "b").OrderBy(row => row.Path).Select(row => row.Path).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Objects_are_compared_with_those_that_the_version_pins()
    {
        const string Cat = """[{"class":"cat","box":[0,0,10,10]}]""";
        var version = await NewVersionAsync(TaskType.ObjectDetection, ("1", null, Cat), ("2", null, Cat), ("3", null, "[]"));
        string[] lines = ["""{"path":"1","annotations":[{"class":"cat","box":[1,0,10,10],"confidence":0.9}]}""", """{"path":"2","annotations":[]}""", """{"path":"3","annotations":[]}"""];

        Assert.Equal((2, 0, 1, 0, 0), Counts(await PredictAsync(version, measure: true, lines)));
        // Nobody asked to compare it.
        Assert.Equal((0, 0, 2, 0, 1), Counts(await PredictAsync(version, measure: false, lines)));
    }

    [Theory]
    [InlineData("names 'c/1', which the dataset version does not have", """{"path":"a/1","class":"a"}""", """{"path":"c/1","class":"a"}""")]
    [InlineData("names 'a/1' twice", """{"path":"a/1","class":"a"}""", """{"path":"a/1","class":"a"}""")]
    [InlineData("has a line without a path", """{"class":"a"}""")]
    [InlineData("has no such object in line 2", """{"path":"a/1","class":"a"}""", """["a/1"]""")]
    [InlineData("has no such object in line 1", "{\"path\":\"a/1\",\"class\":\"a\"")]
    [InlineData("has an answer for 'a/1' without a class or a box", """{"path":"a/1","annotations":[{"class":"a"}]}""")]
    [InlineData("has a class for 'a/1' that is no text", """{"path":"a/1","class":"\u0000"}""")]
    public async Task A_file_that_says_something_else_fails_the_prediction_and_leaves_nothing(string problem, params string[] lines)
    {
        var version = await NewVersionAsync(TaskType.ImageClassification, ("a/1", "a", null));

        var prediction = await PredictAsync(version, measure: true, lines);

        Assert.Equal((PredictionState.Failed, ErrorCodes.TrainerProtocol.Code), (prediction.State, prediction.Error!.Code));
        Assert.Contains(problem, prediction.Error.Message, StringComparison.Ordinal);
        await using var database = training.Open();
        Assert.False(await database.PredictedImages.AnyAsync(row => row.PredictionId == prediction.Id, Cancellation));
        await foreach (var stored in _stores.Internal.ListAsync("models/", Cancellation))
            Assert.Fail($"{stored.Key} was left.");
    }

    [Fact]
    public async Task A_file_that_is_no_gzip_fails_the_prediction()
    {
        var prediction = await PredictAsync(await NewVersionAsync(TaskType.ImageClassification, ("a/1", "a", null)), measure: true, "{}"u8.ToArray());
        Assert.Contains("no gzip file", prediction.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_that_a_process_stored_before_it_ended_are_replaced()
    {
        var version = await NewVersionAsync(TaskType.ImageClassification, ("a/1", "a", null), ("a/2", "a", null));
        await using (var database = training.Open())
        {
            var prediction = await AddAsync(version, measure: true, Packed(Line("a/1", "b"), Line("a/2", "b")));
            Assert.Null((await new PredictedImages(database, _stores).StoreAsync(prediction, prediction.Key!, Cancellation)).Problem);
            await FinishAsync(prediction.Id);
            Assert.Equal((0, 2, 0, 0, 0), Counts(await ReadAsync(prediction.Id)));
        }
    }

    [Fact]
    public async Task A_prediction_that_was_cancelled_keeps_no_images()
    {
        var version = await NewVersionAsync(TaskType.ImageClassification, ("a/1", "a", null));
        var prediction = await AddAsync(version, measure: true, Packed(Line("a/1", "a")));
        await using var database = training.Open();
        await database.Predictions.Where(row => row.Id == prediction.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.CancelRequested, true), Cancellation);

        await FinishAsync(prediction.Id);

        Assert.Equal((PredictionState.Cancelled, null), (await ReadAsync(prediction.Id)) is var ended ? (ended.State, ended.Outcomes) : default);
        Assert.False(await database.PredictedImages.AnyAsync(row => row.PredictionId == prediction.Id, Cancellation));
    }

    [Fact]
    public async Task Two_predictions_are_compared_by_the_images_that_both_have()
    {
        string[] paths = [.. Enumerable.Range(0, 20).Select(i => $"a/{i:00}")];
        var version = await NewVersionAsync(TaskType.ImageClassification, [.. paths.Select(path => (path, (string?)"a", (string?)null))]);
        var first = await PredictAsync(version, measure: true, [.. paths.Select((path, i) => Line(path, i % 2 == 0 ? "a" : "b"))]);
        var second = await PredictAsync(version, measure: true, [.. paths.Skip(2).Select((path, i) => Line(path, (i + 2) % 3 == 0 ? "a" : "b"))]);
        await using var database = training.Open();
        var comparison = new PredictionComparison(database);

        Assert.Equal(new AgreementCounts(3, 6, 3, 6, 2), await comparison.CountAsync(first, second, Cancellation));
        foreach (var (agreement, wanted) in (IEnumerable<(ImageAgreement?, Func<int, bool>)>)
            [(ImageAgreement.BothRight, i => i % 6 == 0), (ImageAgreement.OnlyFirst, i => i % 2 == 0 && i % 3 != 0), (ImageAgreement.OnlySecond, i => i % 2 == 1 && i % 3 == 0),
             (ImageAgreement.Neither, i => i % 2 == 1 && i % 3 != 0), (null, _ => true)])
        {
            var (found, after) = (new List<string>(), (string?)null);
            while (await comparison.ListAsync(first.Id, second.Id, agreement, after, 2, Cancellation) is { Count: > 0 } page)
            {
                found.AddRange(page.Select(pair => pair.First.Path));
                after = found[^1];
                Assert.All(page, pair => Assert.Equal((pair.First.Path, first.Id, second.Id), (pair.Second.Path, pair.First.PredictionId, pair.Second.PredictionId)));
            }
            Assert.Equal(Enumerable.Range(2, 18).Where(wanted).Select(i => paths[i]), found);
        }
    }

    [Fact]
    public async Task Predictions_that_say_nothing_about_each_other_are_not_compared()
    {
        var (version, other) = (await NewVersionAsync(TaskType.ImageClassification, ("a/1", "a", null)), await NewVersionAsync(TaskType.ImageClassification, ("a/1", "a", null)));
        var first = await PredictAsync(version, measure: true, Line("a/1", "a"));
        var running = await AddAsync(version, measure: true, Packed());

        Refused("itself", first);
        Refused("different dataset versions", await PredictAsync(other, measure: true, Line("a/1", "a")));
        Refused("not measured", await PredictAsync(version, measure: false, Line("a/1", "a")));
        Refused("not ended yet", running);
        Refused("it failed", await PredictAsync(version, measure: true, "no json"));

        void Refused(string why, BatchPrediction second)
        {
            var refused = Assert.Throws<ProblemException>(() => PredictionComparison.RequireComparable(first, second));
            Assert.Equal(ErrorCodes.NotComparable, refused.Error);
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        }
    }

    private static string Line(string path, string answer) => $$"""{"path":"{{path}}","class":"{{answer}}","confidence":0.75,"top":[{"class":"{{answer}}","confidence":0.75}]}""";

    private static (int, int, int, int, int) Counts(BatchPrediction prediction) =>
        prediction.Outcomes is { } all ? (all.Right, all.Wrong, all.NoneFound, all.Failed, all.NotMeasured) : throw new InvalidOperationException($"{prediction.State}: {prediction.Error?.Message}");

    private static byte[] Packed(params string[] lines)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        return packed.ToArray();
    }

    private Task<BatchPrediction> PredictAsync(DatasetVersion version, bool measure, params string[] lines) => PredictAsync(version, measure, Packed(lines));

    private async Task<BatchPrediction> PredictAsync(DatasetVersion version, bool measure, byte[] file)
    {
        var prediction = await AddAsync(version, measure, file);
        await FinishAsync(prediction.Id);
        return await ReadAsync(prediction.Id);
    }

    /// <summary>A running prediction whose trainer has uploaded a file.</summary>
    private async Task<BatchPrediction> AddAsync(DatasetVersion version, bool measure, byte[] file)
    {
        var (job, _) = await training.QueueAsync();
        await using var database = training.Open();
        var task = await database.Datasets.Where(row => row.Id == version.DatasetId).Select(row => row.TaskType).SingleAsync(Cancellation);
        var key = $"predictions/{Guid.CreateVersion7()}/predictions.jsonl.gz";
        await _stores.Internal.PutAsync(key, file, "application/gzip", Cancellation);
        var prediction = new BatchPrediction
        {
            ProjectId = job.ProjectId, JobId = job.Id, CheckpointKey = "none", CheckpointSha256 = "ab", CheckpointEpoch = 1, DatasetVersionId = version.Id, Framework = job.Framework, Model = job.Model, TaskType = task,
            Config = measure ? new() { ["measure"] = JsonSerializer.SerializeToElement(true) } : [], Key = key, Size = file.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(file)), CreatedBy = job.CreatedBy,
            CreatedAt = training.Now,
        };
        prediction.MoveTo(PredictionState.Running, training.Now);
        database.Add(prediction);
        await database.SaveChangesAsync(Cancellation);
        return prediction;
    }

    private async Task FinishAsync(Guid id)
    {
        await using var database = training.Open();
        await new PredictionLifecycle(database, _stores, new PredictedImages(database, _stores), null!, TimeProvider.System).FinishAsync(id, AttemptState.Completed, null, Cancellation);
    }

    private async Task<BatchPrediction> ReadAsync(Guid id)
    {
        await using var database = training.Open();
        return await database.Predictions.AsNoTracking().SingleAsync(row => row.Id == id, Cancellation);
    }

    private async Task<DatasetVersion> NewVersionAsync(TaskType task, params (string Path, string? Class, string? Annotations)[] images)
    {
        await using var database = training.Open();
        var project = await database.Projects.Select(row => row.Id).FirstAsync(Cancellation);
        var dataset = new Dataset { ProjectId = project, Name = $"images {Guid.CreateVersion7():n}", TaskType = task, Split = SplitSettings.Default, CreatedBy = Guid.NewGuid(), CreatedAt = training.Now };
        var version = new DatasetVersion
        {
            DatasetId = dataset.Id, Number = 1, Hash = "ab", State = DatasetVersionState.Ready, ImageCount = images.Length, SizeBytes = 1, ClassCounts = [], SplitCounts = new(images.Length, 0, 0), CreatedBy = dataset.CreatedBy,
            CreatedAt = training.Now,
        };
        database.AddRange(dataset, version);
        foreach (var (path, name, annotations) in images)
        {
            database.Add(new DatasetVersionImage { VersionId = version.Id, Path = path, Key = $"images/{version.Id}/{path}", Class = name, Split = Split.Train, Size = 1, Sha256 = "ab", Width = 100, Height = 100 });
            if (annotations is not null)
                database.Add(new VersionAnnotations { VersionId = version.Id, Path = path, Content = annotations, ClassNames = [], ClassObjects = [] });
        }
        await database.SaveChangesAsync(Cancellation);
        return version;
    }
}
