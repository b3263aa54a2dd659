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
