using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Operations;

/// <summary>What everybody who starts an operation does, requests and schedules, once it is clear what is asked for.</summary>
public sealed class OperationStarts(OperationRuns runs, TimeProvider time)
{
    public async Task<IResult> StartAsync(HttpRequest request, DurableTaskClient durable, OperationPlan plan, CancellationToken cancellation)
    {
        var once = request.Once<DataOperation>(operation => Answer.Accepted($"/{OperationFunctions.Route}/{operation.Id}", OperationAnswer.Of(operation, time.GetUtcNow())));
        var created = await runs.StartAsync(request.CurrentUser().Id, plan, once, cancellation);
        if (created.Made is { } made)
            await durable.ScheduleOnceAsync(OperationWork.Run, made.Id, cancellation);
        return created.ToResult();
    }

    /// <summary>Starts what is due by a schedule, unless it was started for that time before, here or by another host, or another operation works on the target.</summary>
    public async Task StartDueAsync(DurableTaskClient durable, DueOperation due, CancellationToken cancellation)
    {
        if (await runs.StartDueAsync(due.Plan, due.Firing, cancellation) is { } id)
            await durable.ScheduleOnceAsync(OperationWork.Run, id, cancellation);
    }
}
