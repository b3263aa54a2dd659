using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training.Faults;

/// <summary>A trainer whose events are not true. What one attempt can do with the token of another is in <see cref="TrainerCallbackTests"/>.</summary>
[Collection(nameof(TrainingLab))]
public sealed class LyingTrainerTests(TrainingLab lab)
{
    private const int Batch = 1000;

    private static readonly int Lines = Environment.GetEnvironmentVariable("LONG_TESTS") == "1" ? 100_000 : 4000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Absurd_numbers_and_keys_of_others_are_refused_and_change_nothing()
    {
        var (attempt, trainer) = await LiarAsync();
        var (other, _) = await LiarAsync();
        string[] lies =
        [
            """ "type":"metrics","epoch":-7,"metrics":{"loss":1} """,
            """ "type":"metrics","epoch":0,"metrics":{"loss":1} """,
            """ "type":"metrics","epoch":2147483647,"metrics":{"loss":1} """,
            """ "type":"metrics","epoch":99999999999,"metrics":{"loss":1} """,
            """ "type":"metrics","epoch":1,"totalEpochs":-1,"metrics":{"loss":1} """,
            """ "type":"metrics","epoch":1,"metrics":{"lo\u0000ss":1} """,
            """ "type":"metrics","epoch":1,"metrics":{"lo\ud800ss":1} """,
            """ "type":"metrics","epoch":1,"metrics":{"loss":1},"etaSeconds":1e999 """,
            $$""" "type":"checkpoint","epoch":1,"name":"a.pt","size":1,"sha256":"ab","key":"{{other.ArtifactPrefix}}1/a.pt" """,
            $$""" "type":"checkpoint","epoch":1,"name":"a.pt","size":1,"sha256":"ab","key":"{{attempt.ArtifactPrefix}}../../{{other.SubjectId}}/1/a.pt" """,
            $$""" "type":"checkpoint","epoch":1,"name":"a.pt","size":-5,"sha256":"ab","key":"{{attempt.ArtifactPrefix}}1/a.pt" """,
            $$""" "type":"checkpoint","epoch":2147483647,"name":"a.pt","size":1,"sha256":"ab","key":"{{attempt.ArtifactPrefix}}1/a.pt" """,
            $$""" "type":"checkpoint","epoch":1,"name":"a\u0000.pt","size":1,"sha256":"ab","key":"{{attempt.ArtifactPrefix}}1/a.pt" """,
            """ "type":"validation","epoch":1,"split":"val","metrics":{},"classes":["a"],"perClass":[],"confusionMatrix":[[-1]] """,
        ];
        var events = lies.Select((lie, index) => $$"""{"seq":{{index + 1}},"time":"2026-01-01T00:00:00Z",{{lie}}}""");

        var reply = (await trainer.PostTextAsync($"trainer/attempts/{attempt.Id}/events", $$"""{"events":[{{string.Join(',', events)}}]}""")).Expect(200).Body;

        Assert.Equal(lies.Length, reply.GetProperty("accepted").GetInt32());
        Assert.Equal(Enumerable.Range(0, lies.Length), reply.GetProperty("refused").EnumerateArray().Select(refused => refused.GetProperty("index").GetInt32()));
        await using var database = lab.App.Databases.OpenPlatform();
        Assert.False(await database.EpochMetrics.AnyAsync(metrics => metrics.JobId == attempt.SubjectId, Cancellation));
        Assert.False(await database.Checkpoints.AnyAsync(checkpoint => checkpoint.JobId == attempt.SubjectId || checkpoint.JobId == other.SubjectId, Cancellation));
        Assert.Equal(0, (await lab.ReadJobAsync(attempt.SubjectId)).GetProperty("currentEpoch").GetInt32());
    }

    [Fact]
    public async Task A_flood_of_log_lines_is_kept_and_holds_up_no_other_job()
    {
        var (attempt, trainer) = await LiarAsync();
        var id = await lab.StartJobAsync(epochs: 2);

        for (var first = 1; first <= Lines; first += Batch)
            (await trainer.PostAsync($"trainer/attempts/{attempt.Id}/events", new
            {
                events = Enumerable.Range(first, Batch).Select(seq => new { seq, time = DateTimeOffset.UtcNow, type = "log", message = $"line {seq}" }),
            })).Expect(200);

        await lab.CompletesAsync(id, epochs: 2, attempts: 1);
        var last = (await lab.Admin.GetAsync($"training/jobs/{attempt.SubjectId}/logs?last=true&search=line%20{Lines}")).Expect(200);
        Assert.Single(last.Items);
        await using var database = lab.App.Databases.OpenPlatform();
        Assert.Equal(Lines, await database.JobEvents.CountAsync(entry => entry.JobId == attempt.SubjectId && entry.Type == "log", Cancellation));
    }

    /// <summary>A running attempt of a job that no orchestration runs, and a client with its token.</summary>
    private async Task<(Attempt Attempt, ApiClient Trainer)> LiarAsync()
    {
        var attempt = new Attempt { Kind = AttemptKind.Train, SubjectId = await lab.NewJobAsync(epochs: 1), Number = 1, Trainer = lab.Trainer.Name, CreatedAt = DateTimeOffset.UtcNow };
        attempt.MoveTo(AttemptState.Running, DateTimeOffset.UtcNow);
        await using var database = lab.App.Databases.OpenPlatform();
        database.Attempts.Add(attempt);
        await database.SaveChangesAsync(Cancellation);
        var token = new AttemptTokens(new SignedToken(PlatformHost.JwtSecret, TimeProvider.System)).Mint(attempt.Id, DateTimeOffset.UtcNow.AddHours(1));
        return (attempt, lab.App.NewClient().WithToken(token));
    }
}
