using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VisionPlatform.Api.Operations;
using VisionPlatform.Application.Modules;
using VisionPlatform.Application.Training;

namespace VisionPlatform.Orchestrations.Tests;

public sealed class RecoveryTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Work_without_an_orchestration_is_scheduled_once_and_work_under_way_is_left_alone()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var (lost, _) = await servers.Training.QueueAsync();
        var (running, _) = await servers.Training.QueueAsync();
        await bench.Engine.Client.ScheduleOnceAsync(TrainingWork.Train, running.Id, TestContext.Current.CancellationToken);
        await bench.SentAsync(running.Id);

        await RecoverAsync(bench);
        await bench.SentAsync(lost.Id);
        await RecoverAsync(bench);

        var trainings = new List<string>();
        await foreach (var instance in bench.Engine.Client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = "train-" }))
            trainings.Add(instance.InstanceId);
        Assert.Equal(new[] { lost.Id, running.Id }.Select(TrainingWork.Train.InstanceId).Order(), trainings.Order());
        Assert.Equal(2, bench.Trainer.Jobs.Count);
    }

    [Fact]
    public async Task An_orchestration_that_an_operator_terminated_is_replaced_and_goes_on_with_the_same_attempt()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var (job, _) = await servers.Training.QueueAsync();
        await bench.Engine.Client.ScheduleOnceAsync(TrainingWork.Train, job.Id, TestContext.Current.CancellationToken);
        await bench.SentAsync(job.Id);
        await bench.Engine.Client.TerminateInstanceAsync(TrainingWork.Train.InstanceId(job.Id), new TerminateInstanceOptions(Recursive: true), TestContext.Current.CancellationToken);
        await bench.Engine.EndOf(TrainingWork.Train.InstanceId(job.Id));

        await RecoverAsync(bench);
        await bench.ReportAsync(job.Id, new Infrastructure.Training.AttemptEvent { Seq = 0, Time = default, Type = "failed", Code = "OUT_OF_MEMORY", Message = "too large" });

        var end = (await bench.Engine.EndOf(TrainingWork.Train.InstanceId(job.Id))).ReadOutputAs<JobEnd>()!;
        Assert.Equal("OUT_OF_MEMORY", end.Failure!.Code);
        Assert.Single(await bench.AttemptsAsync(job.Id));
    }

    private async Task RecoverAsync(Workbench bench)
    {
        await using var services = new ServiceCollection().AddScoped(_ => servers.Training.Open()).BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();
        var modules = new ServedModules([AppModules.All.Single(module => module.Work.Contains(TrainingWork.Train)) with { Work = [TrainingWork.Train], Repairs = [] }]);
        await new OperationsTimers(modules, scope.ServiceProvider, TimeProvider.System, NullLogger<OperationsTimers>.Instance)
            .RecoverWork(null!, bench.Engine.Client, TestContext.Current.CancellationToken);
    }
}
