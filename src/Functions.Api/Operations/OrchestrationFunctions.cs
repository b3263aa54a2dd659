using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Api.Operations;

/// <summary>Orchestrations for administrators who wonder why something does not go on.</summary>
public sealed class OrchestrationFunctions(IServiceProvider services)
{
    private const string Route = "api/v1/orchestrations/{instanceId}";

    [Function("ExplainOrchestration"), RequiresPermission(Permission.OperationsRead)]
    [Operation("Explain an orchestration", Tag = "Operations", Returns = typeof(OrchestrationAnswer), Problems = ["NOT_FOUND", "INVALID_STATE"],
        Unversioned = "Orchestrations go on by themselves; this is a reading, not a resource that is changed.",
        Description = "What an orchestration waits for, since when, which processes could run it and when it wakes next. Takes the id of the instance, or of the job, export, version or deployment that it works for. Only on the embedded host: under the Functions host, use the Durable Functions tools.")]
    public async Task<IResult> Explain(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, string instanceId, CancellationToken cancellation)
    {
        var inspector = services.GetService<HubInspector>()
            ?? throw new ProblemException(ErrorCodes.InvalidState, "The Functions host keeps the orchestrations of this installation. Use the Durable Functions tools to see them.");
        foreach (var id in RecoverableWork.InstancesOf(instanceId))
            if (await inspector.ExplainAsync(id, cancellation) is { } explanation)
                return Answer.Ok(OrchestrationAnswer.Of(explanation));
        throw new ProblemException(ErrorCodes.NotFound, "There is no orchestration of this id. Orchestrations are removed some time after their end.");
    }
}
