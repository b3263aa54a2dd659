using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training.Faults;

/// <summary>What has to be true of every job after every fault.</summary>
internal static class Aftermath
{
    /// <summary>How much older attempts are made, so that the URLs of their trainers have expired.</summary>
    private static readonly TimeSpan Aged = TimeSpan.FromHours(7);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Waits for the end of a job that has to complete, and checks it.</summary>
    /// <param name="attempts">How many attempts it had to take; null when that is not said.</param>
    public static async Task CompletesAsync(this TrainingLab lab, Guid id, int epochs, int? attempts = null)
    {
        var job = await lab.WaitForStateAsync(id, "completed");
        if (attempts is { } number)
            Assert.Equal(number, TrainingLab.AttemptsOf(job).Count);
        await CheckEpochsAsync(lab, id, Enumerable.Range(1, epochs));
        await CheckRowsAsync(lab, id, TrainingLab.AttemptsOf(job).Count);
        await CheckModelAsync(lab, id);
        await CheckLeftoversAsync(lab, id);
    }

    /// <summary>Waits for the end of a job that has to be cancelled, and checks it.</summary>
    public static async Task IsCancelledAsync(this TrainingLab lab, Guid id)
    {
        var job = await lab.WaitForStateAsync(id, "cancelled");
        await CheckRowsAsync(lab, id, TrainingLab.AttemptsOf(job).Count);
        await using (var database = lab.App.Databases.OpenPlatform())
            Assert.False(await database.ModelVersions.AnyAsync(version => version.JobId == id, Cancellation));
        await CheckLeftoversAsync(lab, id);
    }

    /// <summary>Each epoch is on the curve once, in order.</summary>
    private static async Task CheckEpochsAsync(TrainingLab lab, Guid id, IEnumerable<int> wanted)
    {
        var points = (await lab.Admin.GetAsync($"training/jobs/{id}/curves")).Expect(200).Body.GetProperty("points");
        Assert.Equal(wanted, points.EnumerateArray().Where(point => !point.GetProperty("discarded").GetBoolean()).Select(point => point.GetProperty("epoch").GetInt32()));
    }

    /// <summary>Nothing is open any more, and nobody is told of the end of the job or of an epoch twice.</summary>
    private static async Task CheckRowsAsync(TrainingLab lab, Guid id, int attempts)
    {
        await using var database = lab.App.Databases.OpenPlatform();
        var rows = await database.Attempts.AsNoTracking().Where(attempt => attempt.SubjectId == id).ToListAsync(Cancellation);
        Assert.Equal(attempts, rows.Count);
        Assert.All(rows, attempt => Assert.True(attempt.State.IsTerminal(), $"Attempt {attempt.Number} is {attempt.State}."));
        Guid[] ids = [.. rows.Select(attempt => attempt.Id)];
        Assert.False(await database.TrainerLeases.AnyAsync(lease => ids.Contains(lease.AttemptId), Cancellation));
        var events = await database.JobEvents.AsNoTracking().Where(entry => entry.JobId == id).ToListAsync(Cancellation);
        Assert.Single(events, entry => entry.Type == "state" && entry.Data.GetProperty("state").GetString() is "completed" or "cancelled" or "failed");
        var epochs = events.Where(entry => entry.Type == "metrics").Select(entry => (entry.Data.GetProperty("attempt").GetInt32(), entry.Data.GetProperty("epoch").GetInt32())).ToList();
        Assert.Equal(epochs.Distinct().Count(), epochs.Count);
        // They are stored after the end of the job, which must not depend on the store.
        await Waiting.UntilAsync(() => database.TrainingJobs.AnyAsync(job => job.Id == id && job.RecordsStoredAt != null, Cancellation), "logs and metrics are stored", seconds: 60);
    }

    /// <summary>The job has one model version, with the bytes of its best checkpoint.</summary>
    private static async Task CheckModelAsync(TrainingLab lab, Guid id)
    {
        await using var database = lab.App.Databases.OpenPlatform();
        var version = await database.ModelVersions.AsNoTracking().SingleAsync(row => row.JobId == id, Cancellation);
        Assert.Contains(version.CheckpointSha256, await database.Checkpoints.Where(checkpoint => checkpoint.JobId == id).Select(checkpoint => checkpoint.Sha256).ToListAsync(Cancellation));
        using var stores = lab.OpenStores();
        using var copy = new MemoryStream();
        await using (var stored = await stores.Internal.OpenReadAsync(version.CheckpointKey, Cancellation))
            await stored!.Stream.CopyToAsync(copy, Cancellation);
        Assert.Equal((version.CheckpointSize, version.CheckpointSha256), (copy.Length, Convert.ToHexStringLower(SHA256.HashData(copy.ToArray()))));
    }

    /// <summary>No process goes on, and after retention the store has exactly what rows name.</summary>
    private static async Task CheckLeftoversAsync(TrainingLab lab, Guid id)
    {
        await Waiting.UntilAsync(() => lab.Trainer.JobProcesses().Count == 0, "no process of a job is left", seconds: 60);
        await using var database = lab.App.Databases.OpenPlatform();
        await database.Database.ExecuteSqlAsync($"UPDATE attempts SET ended_at = ended_at - {Aged} WHERE subject_id = {id}", Cancellation);
        List<string> named =
        [
            .. await database.Checkpoints.Where(checkpoint => checkpoint.JobId == id).Select(checkpoint => checkpoint.Key).ToListAsync(Cancellation),
            .. await database.ModelVersions.Where(version => version.JobId == id).Select(version => version.CheckpointKey).ToListAsync(Cancellation),
            .. await database.JobRecordParts.Where(part => part.JobId == id).Select(part => part.Key).ToListAsync(Cancellation),
        ];
        await lab.FireTimerAsync("RemoveExpired");
        using var stores = lab.OpenStores();
        var stored = new List<string>();
        try
        {
            await Waiting.UntilAsync(async () =>
            {
                stored.Clear();
                foreach (var folder in (string[])["checkpoints", "models", "jobs", "logs"])
                    await foreach (var found in stores.Internal.ListAsync($"{folder}/{id}/", Cancellation))
                        stored.Add(found.Key);
                return stored.Order(StringComparer.Ordinal).SequenceEqual(named.Order(StringComparer.Ordinal), StringComparer.Ordinal);
            }, "the store has what rows name", seconds: 60);
        }
        catch (Xunit.Sdk.FailException)
        {
            Assert.Fail($"Rows name {string.Join(", ", named.Except(stored, StringComparer.Ordinal))}, which is not stored; nobody names {string.Join(", ", stored.Except(named, StringComparer.Ordinal))}.");
        }
    }
}
