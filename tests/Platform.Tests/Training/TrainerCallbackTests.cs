using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>What a trainer can and cannot do with the token of its attempt.</summary>
[Collection(nameof(TrainingLab))]
public sealed class TrainerCallbackTests(TrainingLab lab)
{
    [Fact]
    public async Task A_missing_wrong_expired_or_foreign_attempt_token_is_refused_and_changes_nothing()
    {
        var (attempt, other) = (await RunningAttemptAsync(), await RunningAttemptAsync());
        string?[] tokens = [null, "nonsense", Token(attempt, TimeSpan.FromMinutes(-1)), Token(other), lab.Admin.AccessToken];
        foreach (var token in tokens)
            foreach (var call in (string[])["events", "images", "uploads", "uploads/complete"])
                (await Trainer(token).PostAsync($"trainer/attempts/{attempt}/{call}", Batch(1, "started"))).Expect(401, "INVALID_ATTEMPT_TOKEN");
        Assert.Equal(AttemptState.Starting, (await ReadAsync(attempt)).State);
        (await Trainer(Token(attempt)).PostAsync($"trainer/attempts/{attempt}/events", Batch(1, "started"))).Expect(200);
        Assert.Equal(AttemptState.Running, (await ReadAsync(attempt)).State);
    }

    [Fact]
    public async Task The_token_of_an_attempt_gives_access_to_nothing_else()
    {
        var attempt = await RunningAttemptAsync();
        (await Trainer(Token(attempt)).GetAsync($"training/jobs?projectId={lab.ProjectId}")).Expect(401);
        (await Trainer(Token(attempt)).GetAsync("auth/me")).Expect(401);
    }

    [Fact]
    public async Task Wrong_events_are_refused_by_their_index_and_the_others_of_the_batch_are_stored()
    {
        var attempt = await RunningAttemptAsync();
        var trainer = Trainer(Token(attempt));
        var path = $"trainer/attempts/{attempt}/events";
        const string Body = """
            {"events":[{"seq":1,"time":"2026-01-01T00:00:00Z","type":"started"},{"seq":2,"time":"2026-01-01T00:00:00Z","type":"metrics","epoch":"one"},{"seq":3,"time":"2026-01-01T00:00:00Z","type":"log","message":"a\u0000b"},
            {"seq":4,"time":"2026-01-01T00:00:00Z","type":"metrics","epoch":1,"metrics":{"loss":"much"}},null,{"seq":5,"time":"2026-01-01T00:00:00Z","type":"metrics","epoch":1,"metrics":{"loss":0.5}},{"seq":"six"}]}
            """;

        var reply = (await trainer.PostTextAsync(path, Body)).Expect(200).Body;

        Assert.Equal(5, reply.GetProperty("accepted").GetInt32());
        Assert.Equal([1, 2, 3, 4, 6], reply.GetProperty("refused").EnumerateArray().Select(refused => refused.GetProperty("index").GetInt32()));
        Assert.Equal(["epoch", "message", "metrics.loss"], reply.GetProperty("refused").EnumerateArray().Take(3).Select(refused => refused.GetProperty("field").GetString()));
        await using var database = lab.App.Databases.OpenPlatform();
        Assert.Equal(0.5, (await database.EpochMetrics.SingleAsync(metrics => metrics.JobId == database.Attempts.Single(row => row.Id == attempt).SubjectId)).Metrics["loss"]);
        (await trainer.PostAsync(path, new { events = "none" })).Expect(422, "VALIDATION_FAILED");
        (await trainer.PostTextAsync(path, "{\"events\":[")).Expect(400, "MALFORMED_JSON");
    }

    [Fact]
    public async Task Repeated_early_and_late_callbacks_are_accepted_and_change_nothing()
    {
        var attempt = await RunningAttemptAsync();
        var trainer = Trainer(Token(attempt));
        var path = $"trainer/attempts/{attempt}/events";
        Assert.Equal(1, (await trainer.PostAsync(path, Batch(1, "started"))).Expect(200).Body.GetProperty("accepted").GetInt32());
        Assert.Equal(1, (await trainer.PostAsync(path, Batch(1, "started"))).Expect(200).Body.GetProperty("accepted").GetInt32());
        Assert.Equal(1, (await trainer.PostAsync(path, Batch(5, "completed"))).Expect(200).Body.GetProperty("accepted").GetInt32());
        Assert.Equal(AttemptState.Running, (await ReadAsync(attempt)).State);
        (await trainer.PostAsync(path, new { events = new[] { new { seq = 2, time = DateTimeOffset.UtcNow, type = "failed", code = "OUT_OF_MEMORY", message = "no" } } })).Expect(200);
        var late = (await trainer.PostAsync(path, Batch(3, "completed"))).Expect(200).Body;
        Assert.Equal((2, true), (late.GetProperty("accepted").GetInt32(), late.GetProperty("cancel").GetBoolean()));
        Assert.Equal(AttemptState.Failed, (await ReadAsync(attempt)).State);
        (await trainer.PostAsync($"trainer/attempts/{attempt}/uploads", Upload("epoch-0001.pt", 10))).Expect(410, "ATTEMPT_ENDED");
        (await trainer.PostAsync($"trainer/attempts/{attempt}/images", new { paths = (string[])["0/0.png"] })).Expect(410, "ATTEMPT_ENDED");
    }

    [Fact]
    public async Task A_trainer_gets_urls_of_images_in_its_dataset_version_and_of_no_others()
    {
        var attempt = await RunningAttemptAsync();
        await using var database = lab.App.Databases.OpenPlatform();
        var images = await database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == lab.DatasetVersionId).Take(201).ToListAsync();
        Task<ApiAnswer> AskAsync(params string[] paths) => Trainer(Token(attempt)).PostAsync($"trainer/attempts/{attempt}/images", new { paths });

        var most = (await AskAsync([.. images.Take(200).Select(image => image.Path)])).Expect(200).Body.GetProperty("images");
        Assert.Equal(images.Take(200).Select(image => image.Path), most.EnumerateArray().Select(image => image.GetProperty("path").GetString()));
        using var store = new HttpClient();
        var bytes = await store.GetByteArrayAsync(most[7].GetProperty("url").GetString());
        Assert.Equal(images[7].Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));

        Assert.NotEmpty((await AskAsync([.. images.Select(image => image.Path)])).Expect(422, "VALIDATION_FAILED").ErrorsOf("paths"));
        Assert.NotEmpty((await AskAsync()).Expect(422, "VALIDATION_FAILED").ErrorsOf("paths"));
        Assert.NotEmpty((await AskAsync(images[0].Path, "../" + images[1].Path)).Expect(422, "VALIDATION_FAILED").ErrorsOf("paths[1]"));
    }

    [Theory]
    [InlineData("../../datasets/x", 10, "INVALID_PATH")]
    [InlineData("/etc/passwd", 10, "INVALID_PATH")]
    [InlineData(".hidden", 10, "INVALID_PATH")]
    [InlineData("epoch-0001.pt", 0, "VALIDATION_FAILED")]
    [InlineData("epoch-0001.pt", 1L << 50, "VALIDATION_FAILED")]
    public async Task An_artifact_with_a_bad_name_or_size_gets_no_upload_address(string name, long size, string code)
    {
        var attempt = await RunningAttemptAsync();
        (await Trainer(Token(attempt)).PostAsync($"trainer/attempts/{attempt}/uploads", Upload(name, size))).Expect(422, code);
    }

    [Fact]
    public async Task A_large_artifact_is_uploaded_in_equal_parts_under_the_prefix_of_its_attempt()
    {
        var attempt = await RunningAttemptAsync();
        var answer = (await Trainer(Token(attempt)).PostAsync($"trainer/attempts/{attempt}/uploads", Upload("epoch-0001.pt", 200L * 1024 * 1024))).Expect(200).Body;
        Assert.Equal("multipart", answer.GetProperty("method").GetString());
        Assert.Equal((200 + 15) / 16, answer.GetProperty("parts").GetArrayLength());
        Assert.StartsWith($"checkpoints/{(await ReadAsync(attempt)).SubjectId}/1/", answer.GetProperty("key").GetString(), StringComparison.Ordinal);
        (await Trainer(Token(attempt)).PostAsync($"trainer/attempts/{attempt}/uploads/complete", new
        {
            key = "checkpoints/another/1/epoch-0001.pt", uploadId = answer.GetProperty("uploadId"), parts = Array.Empty<object>(),
        })).Expect(422, "VALIDATION_FAILED");
    }

    /// <summary>An attempt that was just sent to a trainer, of a job that no orchestration runs.</summary>
    private async Task<Guid> RunningAttemptAsync()
    {
        var job = await lab.NewJobAsync(epochs: 1);
        var attempt = new Attempt { Kind = AttemptKind.Train, SubjectId = job, Number = 1, Trainer = "torchvision", CreatedAt = DateTimeOffset.UtcNow };
        attempt.MoveTo(AttemptState.Starting, DateTimeOffset.UtcNow);
        await using var database = lab.App.Databases.OpenPlatform();
        database.Attempts.Add(attempt);
        await database.SaveChangesAsync();
        return attempt.Id;
    }

    private async Task<Attempt> ReadAsync(Guid id)
    {
        await using var database = lab.App.Databases.OpenPlatform();
        return await database.Attempts.AsNoTracking().SingleAsync(attempt => attempt.Id == id);
    }

    private static string Token(Guid attempt, TimeSpan? lifetime = null) =>
        new AttemptTokens(new SignedToken(PlatformHost.JwtSecret, TimeProvider.System)).Mint(attempt, DateTimeOffset.UtcNow + (lifetime ?? TimeSpan.FromHours(1)));

    private ApiClient Trainer(string? token) => lab.App.NewClient().WithToken(token);

    private static object Batch(int seq, string type) => new { events = new[] { new { seq, time = DateTimeOffset.UtcNow, type } } };

    private static object Upload(string name, long size) => new { name, kind = "checkpoint", size, sha256 = new string('0', 64) };
}
