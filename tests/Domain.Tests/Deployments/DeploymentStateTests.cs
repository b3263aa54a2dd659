using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Exports;

namespace VisionPlatform.Domain.Tests.Deployments;

public sealed class DeploymentStateTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-01-01T00:00:00Z");

    [Fact]
    public void Loading_the_model_late_does_not_activate_a_deactivated_deployment()
    {
        var deployment = Deployment();
        deployment.MoveTo(DeploymentState.Deploying, Now);
        Assert.True(deployment.MoveTo(DeploymentState.Deactivated, Now));
        Assert.False(deployment.MoveTo(DeploymentState.Active, Now));
        Assert.Null(deployment.ActivatedAt);
    }

    [Fact]
    public void The_average_latency_is_unknown_before_the_first_request()
    {
        var usage = new DeploymentUsage { DeploymentId = Guid.NewGuid() };
        Assert.Null(usage.AverageLatencyMs);
        (usage.RequestCount, usage.TotalLatencyMs) = (4, 10);
        Assert.Equal(2.5, usage.AverageLatencyMs);
    }

    [Fact]
    public void A_revision_answers_only_after_the_first_was_loaded_and_the_one_before_it_is_remembered()
    {
        var deployment = Deployment();
        var second = new DeploymentRevision { DeploymentId = deployment.Id, Number = 2, ExportId = Guid.NewGuid(), Trainer = "torchvision", CreatedBy = Guid.NewGuid() };
        Assert.False(deployment.Serve(second, Now));
        deployment.MoveTo(DeploymentState.Active, Now);

        Assert.True(deployment.Serve(second, Now));
        Assert.Equal((2, 1, second.ExportId), (deployment.Revision, deployment.PreviousRevision, deployment.ExportId));
        Assert.True(deployment.Serve(second, Now));
        Assert.Equal(1, deployment.PreviousRevision);

        deployment.MoveTo(DeploymentState.Deactivated, Now);
        Assert.True(deployment.Serve(second, Now));
        Assert.Equal(DeploymentState.Active, deployment.State);
    }

    [Fact]
    public void Percentiles_of_latency_are_at_most_nine_percent_too_high()
    {
        var counts = new long[LatencyBuckets.Count];
        for (var milliseconds = 1; milliseconds <= 1000; milliseconds++)
            counts[LatencyBuckets.Of(milliseconds)]++;

        Assert.InRange(LatencyBuckets.Percentile(counts, 0.5)!.Value, 500, 546);
        Assert.InRange(LatencyBuckets.Percentile(counts, 0.99)!.Value, 990, 1080);
        Assert.Null(LatencyBuckets.Percentile(new long[LatencyBuckets.Count], 0.5));
        Assert.Equal(LatencyBuckets.Count - 1, LatencyBuckets.Of(1e9));
        Assert.Equal(0, LatencyBuckets.Of(0));
    }

    [Fact]
    public void An_export_ends_once()
    {
        var export = new Export { ProjectId = Guid.NewGuid(), ModelVersionId = Guid.NewGuid(), Format = "onnx", Options = [], CreatedBy = Guid.NewGuid() };
        Assert.True(export.MoveTo(ExportState.Completed, Now));
        Assert.False(export.MoveTo(ExportState.Failed, Now));
        Assert.Equal(ExportState.Completed, export.State);
    }

    private static Deployment Deployment() => new()
    {
        ProjectId = Guid.NewGuid(), ExportId = Guid.NewGuid(), Name = "digits", Trainer = "torchvision", ApiKeyHash = [], CreatedBy = Guid.NewGuid(),
    };
}
