using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Domain.Training;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>Predictions of whole datasets take the trainers like jobs, so they count in the same limits. An unknown account has those of a guest: one job at a time.</summary>
public sealed class PredictionQuotaTests(TrainingDatabase training, PostgresServer postgres) : IClassFixture<TrainingDatabase>, IAsyncLifetime
{
    private static readonly TimeProvider MiddleOfAMonth = new Then();

    private readonly Guid _account = Guid.CreateVersion7();

    private NpgsqlDataSource _users = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("USER_DATABASE_URL", await postgres.NewDatabaseAsync())]).Build();
        _users = NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(settings, "USER_DATABASE_URL"));
        await using var users = Users();
        await users.Database.MigrateAsync();
    }

    public ValueTask DisposeAsync() => _users.DisposeAsync();

    [Fact]
    public async Task A_second_prediction_at_a_time_is_refused_until_the_first_has_ended()
    {
        var (job, model) = await ModelAsync();
        var first = await PredictAsync(job, model);

        var refused = await Assert.ThrowsAsync<ProblemException>(() => PredictAsync(job, model));
        Assert.Equal((ErrorCodes.QuotaExceeded, QuotaKind.ConcurrentJobs), (refused.Error, refused.Quota!.Kind));
        await using (var database = training.Open())
        await using (var users = Users())
        {
            var predictions = new PredictionLifecycle(database, null!, new PredictedImages(database, null!), new Quotas(database, users, MiddleOfAMonth), MiddleOfAMonth);
            await predictions.FinishAsync(first.Id, AttemptState.Cancelled, null, Cancellation);
        }

        await PredictAsync(job, model);
    }

    [Fact]
    public async Task A_prediction_and_a_job_share_the_limit_and_the_hours()
    {
        var (job, model) = await ModelAsync();
        await training.QueueAsync(by: _account);

        var refused = await Assert.ThrowsAsync<ProblemException>(() => PredictAsync(job, model));

        Assert.Equal(ErrorCodes.QuotaExceeded, refused.Error);
        await using var database = training.Open();
        await database.TrainingJobs.Where(row => row.CreatedBy == _account).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, JobState.Failed), Cancellation);
        var prediction = await PredictAsync(job, model);
        await database.Predictions.Where(row => row.Id == prediction.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.CompletedAt, MiddleOfAMonth.GetUtcNow()), Cancellation);
        var attempt = new Attempt { Kind = AttemptKind.Predict, SubjectId = prediction.Id, Number = 1, Trainer = job.Framework, CreatedAt = MiddleOfAMonth.GetUtcNow() };
        attempt.MoveTo(AttemptState.Running, MiddleOfAMonth.GetUtcNow().AddHours(-40));
        database.Add(attempt);
        await database.SaveChangesAsync(Cancellation);
        var spent = await Assert.ThrowsAsync<ProblemException>(() => PredictAsync(job, model));
        Assert.Equal(QuotaKind.GpuHoursPerMonth, spent.Quota!.Kind);
    }

    private async Task<(TrainingJob Job, Guid Model)> ModelAsync()
    {
        var (job, _) = await training.QueueAsync();
        var export = await training.AddExportAsync(job);
        await using var database = training.Open();
        return (job, await database.Exports.Where(row => row.Id == export).Select(row => row.ModelVersionId).SingleAsync(Cancellation));
    }

    private async Task<BatchPrediction> PredictAsync(TrainingJob job, Guid model)
    {
        await using var database = training.Open();
        await using var users = Users();
        var once = new IdempotentCreate<BatchPrediction>(null, _ => new StoredAnswer(202, null, null, null), MiddleOfAMonth);
        return (await new PredictionLifecycle(database, null!, new PredictedImages(database, null!), new Quotas(database, users, MiddleOfAMonth), MiddleOfAMonth)
            .CreateAsync(_account, job.ProjectId, new PredictionSettings(model, null, null, job.DatasetVersionId, null, null, Measure: false), once, Cancellation)).Made!;
    }

    private sealed class Then : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 6, 15, 12, 0, 0, TimeSpan.Zero);
    }

    private UserDatabase Users() => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(_users).Options);
}
