using System.Text.Json;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

public sealed class JobCurveTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Epochs_after_the_checkpoint_from_which_a_later_attempt_went_on_are_discarded_so_that_each_epoch_is_there_once()
    {
        Attempt[] attempts = [Started(1, null), Started(2, 3), Started(3, 4), Waiting(4)];
        (int Attempt, int Epoch)[] reported = [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 4), (2, 5), (3, 5), (3, 6)];

        var kept = reported.Where(point => !JobCurve.IsDiscarded(point.Attempt, point.Epoch, attempts));

        Assert.Equal([(1, 1), (1, 2), (1, 3), (2, 4), (3, 5), (3, 6)], kept);
    }

    [Fact]
    public void An_attempt_that_begins_anew_discards_all_epochs_before_it()
    {
        Attempt[] attempts = [Started(1, null), Started(2, null)];
        Assert.True(JobCurve.IsDiscarded(1, 1, attempts));
        Assert.False(JobCurve.IsDiscarded(2, 1, attempts));
    }

    [Theory]
    [InlineData("OUT_OF_MEMORY", """{"batchSize":33}""", """{"batchSize":16}""")]
    [InlineData("OUT_OF_MEMORY", "{}", """{"batchSize":32}""")]
    [InlineData("OUT_OF_MEMORY", """{"batchSize":1}""", null)]
    [InlineData("LOSS_DIVERGED", """{"learningRate":0.5}""", """{"learningRate":0.05}""")]
    [InlineData("LOSS_DIVERGED", "{}", null)]
    [InlineData("DATASET_INVALID", """{"batchSize":32}""", null)]
    public void A_failure_names_the_change_that_is_likely_to_help(string code, string config, string? change)
    {
        var schema = new ConfigSchema([new ConfigField("batchSize", "int", JsonSerializer.SerializeToElement(64), 1, 512, null, null, false, false, null)], null);

        var advised = FailureAdvice.Complete(Failure.Of(ErrorCodes.Find(code)), JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(config)!, schema);

        Assert.Equal(change, advised.TryConfig is null ? null : JsonSerializer.Serialize(advised.TryConfig));
    }

    [Fact]
    public void What_the_trainer_advises_stays()
    {
        var said = Failure.Of(ErrorCodes.OutOfMemory) with { TryConfig = new Dictionary<string, JsonElement> { ["imageSize"] = JsonSerializer.SerializeToElement(320) } };
        Assert.Same(said, FailureAdvice.Complete(said, new Dictionary<string, JsonElement> { ["batchSize"] = JsonSerializer.SerializeToElement(8) }, null));
    }

    private static Attempt Waiting(int number) => new() { Kind = AttemptKind.Train, SubjectId = Guid.Empty, Number = number, Trainer = "torchvision" };

    private static Attempt Started(int number, int? from)
    {
        var attempt = Waiting(number);
        attempt.ResumedFromEpoch = from;
        attempt.MoveTo(AttemptState.Running, Now);
        return attempt;
    }
}
