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
        var second = Revision(deployment, 2);
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
    public void A_canary_and_a_shadow_need_an_active_deployment_with_another_revision_and_end_with_an_activation()
    {
        var deployment = Deployment();
        DeploymentRevision first = Revision(deployment, 1), second = Revision(deployment, 2), third = Revision(deployment, 3);
        Assert.False(deployment.TryOut(second, 10) || deployment.Shadow(second));
        deployment.MoveTo(DeploymentState.Active, Now);

        Assert.False(deployment.TryOut(first, 10) || deployment.Shadow(first));
        Assert.True(deployment.TryOut(second, 10) && deployment.Shadow(third));
        Assert.Equal((1, 2, 10, 3), (deployment.Revision, deployment.CanaryRevision, deployment.CanaryPercent, deployment.ShadowRevision));

        Assert.True(deployment.Serve(third, Now));
        Assert.Equal((3, null, 0, null), (deployment.Revision, deployment.CanaryRevision, deployment.CanaryPercent, deployment.ShadowRevision));
    }

    [Fact]
    public void A_share_of_the_requests_is_the_same_for_the_same_images_and_near_its_percentage()
    {
        var (deployment, other) = (Guid.Parse("01900000-0000-7000-8000-000000000001"), Guid.Parse("01900000-0000-7000-8000-000000000002"));
        int[] shares = [.. Enumerable.Range(0, 2000).Select(number => RequestShare.Of(deployment, [BitConverter.GetBytes(number)]))];

        Assert.All(shares, share => Assert.InRange(share, 0, 99));
        Assert.InRange(shares.Count(share => share < 10), 140, 260);
        Assert.Equal(shares, Enumerable.Range(0, 2000).Select(number => RequestShare.Of(deployment, [BitConverter.GetBytes(number)])));
        Assert.NotEqual(shares, Enumerable.Range(0, 2000).Select(number => RequestShare.Of(other, [BitConverter.GetBytes(number)])));
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

    private static DeploymentRevision Revision(Deployment deployment, int number) =>
        new() { DeploymentId = deployment.Id, Number = number, ExportId = Guid.NewGuid(), Trainer = "torchvision", CreatedBy = Guid.NewGuid() };

    private static Deployment Deployment() => new()
    {
        ProjectId = Guid.NewGuid(), ExportId = Guid.NewGuid(), Name = "digits", Trainer = "torchvision", ApiKeyHash = [], CreatedBy = Guid.NewGuid(),
    };
}
