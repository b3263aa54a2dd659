using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

public sealed class TaskMetricsTests
{
    private sealed record Epoch(int Number, Dictionary<string, double> Metrics);

    [Fact]
    public void Every_task_has_a_primary_metric() =>
        Assert.Equal(
            ["accuracy", "mAP50-95", "mAP_mask50-95", "mIoU", "mAP_keypoints50-95", "mAP50-95"],
            Enum.GetValues<TaskType>().Select(task => task.Primary().Name));

    [Fact]
    public void The_best_has_most_of_it_or_least_where_less_is_better_and_one_without_it_comes_last()
    {
        Epoch[] epochs = [new(1, new() { ["mIoU"] = 0.2 }), new(2, new() { ["mIoU"] = 0.7 }), new(3, []), new(4, new() { ["mIoU"] = 0.7 })];
        Assert.Equal(2, new PrimaryMetric("mIoU", HigherIsBetter: true).BestOf(epochs, epoch => epoch.Metrics)!.Number);
        Assert.Equal(1, new PrimaryMetric("mIoU", HigherIsBetter: false).BestOf(epochs, epoch => epoch.Metrics)!.Number);
        Assert.Null(new PrimaryMetric("mIoU", HigherIsBetter: true).BestOf(Array.Empty<Epoch>(), epoch => epoch.Metrics));
    }
}
