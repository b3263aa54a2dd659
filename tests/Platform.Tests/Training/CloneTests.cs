using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Curves over attempts, failures with the change to try, and clones.</summary>
[Collection(nameof(TrainingLab))]
public sealed class CloneTests(TrainingLab lab)
{
    [Fact]
    public async Task After_a_killed_trainer_the_curve_has_each_epoch_once_and_a_clone_goes_on_from_a_checkpoint()
    {
        const int Epochs = 20;
        var id = await lab.StartJobAsync(Epochs);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() is >= 3 and < Epochs, "it trains");
        await lab.Trainer.KillAsync();
        await lab.Trainer.StartAsync();
        var job = await lab.WaitForStateAsync(id, "completed");

        var curves = (await lab.Admin.GetAsync($"training/jobs/{id}/curves?names=accuracy")).Expect(200).Body;
        var kept = curves.GetProperty("points").EnumerateArray().Where(point => !point.GetProperty("discarded").GetBoolean()).ToList();
        Assert.Equal(Enumerable.Range(1, Epochs), kept.Select(point => point.GetProperty("epoch").GetInt32()));
        Assert.All(kept, point => Assert.Equal(["accuracy"], point.GetProperty("metrics").EnumerateObject().Select(metric => metric.Name)));
        Assert.Equal(2, curves.GetProperty("attempts").GetArrayLength());
        Assert.Contains("loss", curves.GetProperty("names").EnumerateArray().Select(name => name.GetString()));
        var best = kept.Max(point => point.GetProperty("metrics").GetProperty("accuracy").GetDouble());
        Assert.Equal(best, job.GetProperty("bestMetrics").GetProperty("accuracy").GetDouble());

        var checkpoint = (await lab.Admin.GetAsync($"training/jobs/{id}/checkpoints?limit=200")).Items[^1];
        var (attempt, epoch) = (checkpoint.GetProperty("attempt").GetInt32(), checkpoint.GetProperty("epoch").GetInt32());
        Assert.Equal(Epochs, epoch);
        var clone = (await lab.Admin.PostAsync($"training/jobs/{id}/clone", new { config = new { epochs = Epochs + 2 }, priority = "high", resumeFrom = new { attempt, epoch } })).Expect(201).Body;
        Assert.Equal("high", clone.GetProperty("priority").GetString());
        Assert.Equal((id, 0.003), (clone.GetProperty("clonedFrom").GetGuid(), clone.GetProperty("config").GetProperty("learningRate").GetDouble()));
        var cloneId = clone.GetProperty("id").GetGuid();
        (await lab.Admin.PostAsync($"training/jobs/{cloneId}/start")).Expect(202);
        var resumed = await lab.WaitForStateAsync(cloneId, "completed");
        Assert.Equal(Epochs, TrainingLab.AttemptsOf(resumed)[0].GetProperty("resumedFromEpoch").GetInt32());
        Assert.Equal([Epochs + 1, Epochs + 2], (await lab.Admin.GetAsync($"training/jobs/{cloneId}/metrics")).Items.Select(row => row.GetProperty("epoch").GetInt32()));

        (await lab.Admin.PostAsync($"training/jobs/{id}/clone", new { model = "resnet18", resumeFrom = new { attempt, epoch } })).Expect(422, "CHECKPOINT_INVALID");
        (await lab.Admin.PostAsync($"training/jobs/{id}/clone", new { resumeFrom = new { attempt, epoch = 999 } })).Expect(404, "NOT_FOUND");
        (await lab.Admin.PostAsync($"training/jobs/{id}/clone", new { config = new { epochs = 0 } })).Expect(422, "INVALID_CONFIG");
        (await lab.Admin.PostAsync($"training/jobs/{id}/clone", new { suggested = true })).Expect(409, "NO_SUGGESTION");
    }

    [Fact]
    public async Task Out_of_memory_is_not_tried_again_and_one_call_clones_the_job_with_half_the_batch()
    {
        var id = (await lab.Admin.PostAsync("training/jobs", lab.Job(new { epochs = 1000, batchSize = 64 }))).Expect(201).Id;
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await lab.WaitForJobAsync(id, job => TrainingLab.StateOf(job) == "running", "it trains");
        await FailAsync(id, "OUT_OF_MEMORY", new Dictionary<string, double> { ["peakMemoryBytes"] = 8e9 });

        var failed = await lab.WaitForStateAsync(id, "failed");

        Assert.Single(TrainingLab.AttemptsOf(failed));
        var error = failed.GetProperty("error");
        Assert.Equal(("OUT_OF_MEMORY", 8e9, 64d), (error.GetProperty("code").GetString(), error.GetProperty("measured").GetProperty("peakMemoryBytes").GetDouble(), error.GetProperty("measured").GetProperty("batchSize").GetDouble()));
        Assert.Equal("""{"batchSize":32}""", error.GetProperty("tryConfig").GetRawText());
        var clone = (await lab.Admin.PostAsync($"training/jobs/{id}/clone", new { suggested = true })).Expect(201).Body;
        Assert.Equal((32, 1000), (clone.GetProperty("config").GetProperty("batchSize").GetInt32(), clone.GetProperty("config").GetProperty("epochs").GetInt32()));
    }

    /// <summary>Ends the running attempt as if its trainer had reported this failure. The orchestration finds it at its next look.</summary>
    private async Task FailAsync(Guid jobId, string code, Dictionary<string, double> measured)
    {
        await using var database = lab.App.Databases.OpenPlatform();
        var failure = new Failure(code, ErrorCodes.Find(code).Category, "The job ran out of memory.") { Measured = measured };
        var text = JsonSerializer.Serialize(failure, JsonSerializerOptions.Web);
        await database.Database.ExecuteSqlAsync($"UPDATE attempts SET state = 'failed', ended_at = now(), error = {text}::jsonb WHERE subject_id = {jobId}");
    }
}
