using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Deployments;

namespace VisionPlatform.Orchestrations.Tests;

public sealed class DeployModelTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task A_deployment_whose_trainer_is_away_is_active_as_soon_as_the_trainer_loads_the_model()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var deployment = await NewDeploymentAsync();
        bench.Trainer.PredictionFailures.Enqueue(503);

        Assert.Equal(new DeploymentLoad(DeploymentState.Active, null), await bench.EndOfAsync<DeploymentLoad>(DeploymentWork.Deploy, deployment.Id));
        Assert.NotNull((await ReadAsync(deployment.Id)).ActivatedAt);
    }

    [Fact]
    public async Task A_model_that_the_trainer_refuses_fails_the_deployment_at_once()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var deployment = await NewDeploymentAsync();
        bench.Trainer.PredictionFailures.Enqueue(422);

        Assert.Equal(DeploymentState.Failed, (await bench.EndOfAsync<DeploymentLoad>(DeploymentWork.Deploy, deployment.Id)).State);
        Assert.Equal(("TRAINER_PROTOCOL_ERROR", "no"), ((await ReadAsync(deployment.Id)).Error!.Code, (await ReadAsync(deployment.Id)).Error!.Message));
    }

    [Fact]
    public async Task A_deployment_whose_project_is_deleted_while_it_loads_does_not_become_active()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var project = await servers.Training.NewProjectAsync();
        var deployment = await NewDeploymentAsync(project);
        await using (var database = servers.Training.Open())
            await database.Projects.Where(row => row.Id == project).ExecuteUpdateAsync(set => set.SetProperty(row => row.DeletedAt, DateTimeOffset.UtcNow), TestContext.Current.CancellationToken);

        Assert.Equal(DeploymentState.Deactivated, (await bench.EndOfAsync<DeploymentLoad>(DeploymentWork.Deploy, deployment.Id)).State);
        Assert.Null((await ReadAsync(deployment.Id)).ActivatedAt);
    }

    private async Task<Deployment> NewDeploymentAsync(Guid? projectId = null)
    {
        var export = (await servers.NewExportsAsync("onnx"))[0];
        var deployment = new Deployment
        {
            ProjectId = projectId ?? export.ProjectId, ExportId = export.Id, Name = "line 3", Trainer = "torchvision", ApiKeyHash = [1], CreatedBy = export.CreatedBy, CreatedAt = DateTimeOffset.UtcNow,
        };
        await using var database = servers.Training.Open();
        (export.Key, export.Sha256) = ("exports/model.onnx", "ab");
        database.Update(export);
        database.Add(deployment);
        await database.SaveChangesAsync();
        return deployment;
    }

    private async Task<Deployment> ReadAsync(Guid id)
    {
        await using var database = servers.Training.Open();
        return await database.Deployments.AsNoTracking().SingleAsync(deployment => deployment.Id == id);
    }
}
